import { setTimeout as delay } from 'node:timers/promises';
import type { FaultDone } from '../account/report.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';

/** A fault that met nobody is done again, as a kind of which none met anybody shows nothing. */
const MOST_TRIES = 5;

/** Does the faults of a plan as their types say, and keeps what came of each. */
export class FaultRunner {
  /** How many of each kind were done. */
  readonly done: Record<string, number> = {};
  readonly log: FaultDone[] = [];
  readonly undone: string[] = [];
  missed = 0;
  readonly #scene: Scene;
  readonly #say: (line: string) => void;
  readonly #beside = new Set<Promise<void>>();

  constructor(scene: Scene, say: (line: string) => void) {
    this.#scene = scene;
    this.#say = say;
  }

  async run(fault: Fault): Promise<void> {
    if (fault.type.alone) await this.settle();
    const doing = this.#do(fault);
    if (!fault.type.beside) {
      await doing;
      return;
    }
    this.#beside.add(doing);
    void doing.finally(() => this.#beside.delete(doing));
  }

  /** Waits for what is done beside. */
  async settle(): Promise<void> {
    await Promise.all(this.#beside);
  }

  async #do(fault: Fault): Promise<void> {
    try {
      for (let tries = 1; !(await this.#try(fault)) && tries < MOST_TRIES; tries++)
        await delay(fault.pauseMs);
    } catch (error) {
      const what = `fault ${fault.number}, ${fault.kind}: ${reasonOf(error)}`;
      this.#say(what);
      this.undone.push(what);
    }
  }

  async #try(fault: Fault): Promise<boolean> {
    const { number, kind } = fault;
    const from = new Date().toISOString();
    const met = await fault.type.perform(this.#scene, fault);
    if (met) this.done[kind] = (this.done[kind] ?? 0) + 1;
    else this.missed += 1;
    this.log.push({ number, kind, met, from, to: new Date().toISOString() });
    return met;
  }
}

export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
