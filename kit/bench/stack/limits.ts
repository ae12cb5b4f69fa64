/** What would show that the limits of a container did not hold. */
export interface LimitEvents {
  readonly outOfMemory: boolean;
  readonly restarts: number;
  readonly oomKills: number;
  readonly processesRefused: number;
}

const NONE: LimitEvents = { outOfMemory: false, restarts: 0, oomKills: 0, processesRefused: 0 };

export interface Limited {
  readonly services: readonly string[];
  limitEvents(service: string): Promise<LimitEvents>;
}

/** A sentence for each container that met a limit of its own, or cannot say whether it did. Never throws. */
export async function limitsMet({ services, limitEvents }: Limited): Promise<string[]> {
  const met: string[] = [];
  for (const service of services) {
    try {
      const events = await limitEvents(service);
      const names = Object.keys(NONE) as (keyof LimitEvents)[];
      if (names.some((name) => events[name] !== NONE[name])) {
        met.push(`${service}: a limit of its container was met: ${JSON.stringify(events)}`);
      }
    } catch (error) {
      met.push(`${service}: it cannot be told whether a limit of its container was met: ${String(error)}`);
    }
  }
  return met;
}
