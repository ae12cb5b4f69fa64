/** A stack that the smoke test checks: in containers or on this host. */
export interface Target {
  readonly name: string;
  /** Returns the addresses of this checkout's stack, undefined if it does not run. */
  addresses(): Promise<Addresses | undefined>;
  /** @throws Error if parts of the stack are there although it does not answer for the reason `problem` */
  requireNothing(problem: string): Promise<void>;
  /** The arguments of scripts/up. */
  readonly upArguments: readonly string[];
  /** Returns the arguments for scripts/down that keep what was there before the start. */
  downArguments(): Promise<readonly string[]>;
  kill(pid: number): Promise<void>;
}

export interface Addresses {
  readonly app: string;
  readonly metrics: string;
  /** Undefined if the stack has no Prometheus. */
  readonly prometheus: string | undefined;
}
