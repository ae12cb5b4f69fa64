/** Events that show that a container exceeded a limit. */
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

/** One sentence for each container that exceeded a limit or could not be checked. Never throws. */
export async function limitsExceeded({ services, limitEvents }: Limited): Promise<string[]> {
  const sentences: string[] = [];
  for (const service of services) {
    try {
      const events = await limitEvents(service);
      const names = Object.keys(NONE) as (keyof LimitEvents)[];
      if (names.some((name) => events[name] !== NONE[name])) {
        sentences.push(`${service}: the container exceeded a limit: ${JSON.stringify(events)}`);
      }
    } catch (error) {
      sentences.push(`${service}: the container's limits cannot be checked: ${String(error)}`);
    }
  }
  return sentences;
}
