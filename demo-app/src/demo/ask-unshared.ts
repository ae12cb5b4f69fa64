import type { MetricsRoute, ReadyWorker } from 'cluster-runtime';

const ANSWER_WITHIN_MS = 1000;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Asks a worker for the metrics that it alone has counted. */
export interface UnsharedQuestion {
  readonly id: number;
}

export interface UnsharedAnswer {
  readonly id: number;
  readonly text: string;
}

/** Asks one ready worker, taken at random, for its own view: what a naive /metrics behind a cluster shows. */
export function askUnshared(readyWorkers: () => readonly ReadyWorker<UnsharedQuestion>[]) {
  const waiting = new Map<number, (text: string) => void>();
  let lastId = 0;

  const route: MetricsRoute = () => {
    const workers = readyWorkers();
    const worker = workers[Math.floor(Math.random() * workers.length)];
    if (worker === undefined) throw new Error('no worker is ready');
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`worker ${worker.id} did not answer within ${ANSWER_WITHIN_MS} ms`));
      }, ANSWER_WITHIN_MS);
      waiting.set(id, (body) => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve({ contentType: CONTENT_TYPE, body });
      });
      worker.send({ id });
    });
  };

  return {
    route,
    onMessage({ id, text }: UnsharedAnswer): void {
      waiting.get(id)?.(text);
    },
  };
}
