import type { TargetGroup } from '../core/target-group.ts';

export interface ReplicaListOptions {
  /** Returns the addresses of the replicas that are in DNS now. Rejects if it cannot know. */
  readonly lookUp: () => Promise<readonly string[]>;
  readonly port: number;
  /** How long an address stays listed after it has left DNS, in milliseconds. */
  readonly keepMs: number;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** The addresses of replicas. An address is removed `keepMs` after the last lookup that returned it; a failed lookup removes none. */
export class ReplicaList {
  readonly #options: ReplicaListOptions;
  /** When each address was in DNS last. */
  readonly #seen = new Map<string, number>();
  #looked = false;

  constructor(options: ReplicaListOptions) {
    this.#options = options;
  }

  /** @throws what `lookUp` rejects with */
  async refresh(): Promise<void> {
    const { lookUp, now, keepMs } = this.#options;
    const found = await lookUp();
    const at = now();
    for (const address of found) this.#seen.set(address, at);
    for (const [address, last] of this.#seen) if (at - last > keepMs) this.#seen.delete(address);
    this.#looked = true;
  }

  /** @throws Error before the first successful refresh: an empty list would remove all targets */
  targets(): readonly TargetGroup[] {
    if (!this.#looked) throw new Error('the replicas are not known yet');
    return [
      { targets: [...this.#seen.keys()].sort().map((host) => `${host}:${this.#options.port}`), labels: {} },
    ];
  }
}
