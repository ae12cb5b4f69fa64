import { setTimeout as delay } from 'node:timers/promises';
import type { FaultDone } from '../account/report.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';

/** A fault that hits no process is repeated, because a kind of fault that never hits tests nothing. */
const MOST_TRIES = 5;

/** Injects the faults of a plan and records the result of each. */
export class FaultRunner {
  /** Faults that hit a process, by kind. */
  readonly done: Record<string, number> = {};
  readonly log: FaultDone[] = [];
  readonly undone: string[] = [];
  missed = 0;
  readonly #scene: Scene;
  readonly #progress: (line: string) => void;
  readonly #concurrent = new Set<Promise<void>>();

  constructor(scene: Scene, progress: (line: string) => void) {
    this.#scene = scene;
    this.#progress = progress;
  }

  async run(fault: Fault): Promise<void> {
    if (fault.type.exclusive) await this.settle();
    const doing = this.#do(fault);
    if (!fault.type.concurrent) {
      await doing;
      return;
    }
    this.#concurrent.add(doing);
    void doing.finally(() => this.#concurrent.delete(doing));
  }

  /** Waits for the concurrent faults. */
  async settle(): Promise<void> {
    await Promise.all(this.#concurrent);
  }

  async #do(fault: Fault): Promise<void> {
    try {
      for (let tries = 1; !(await this.#try(fault)) && tries < MOST_TRIES; tries++)
        await delay(fault.pauseMs);
    } catch (error) {
      const what = `fault ${fault.number}, ${fault.kind}: ${reasonOf(error)}`;
      this.#progress(what);
      this.undone.push(what);
    }
  }

  async #try(fault: Fault): Promise<boolean> {
    const { number, kind } = fault;
    const from = new Date().toISOString();
    const hit = await fault.type.perform(this.#scene, fault);
    if (hit) this.done[kind] = (this.done[kind] ?? 0) + 1;
    else this.missed += 1;
    this.log.push({ number, kind, hit, from, to: new Date().toISOString() });
    return hit;
  }
}

export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
