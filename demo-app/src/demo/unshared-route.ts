import type { MetricsRoute, ReadyWorker } from 'cluster-runtime';

const ANSWER_TIMEOUT_MS = 1000;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Requests the metrics of one worker. */
export interface UnsharedRequest {
  readonly id: number;
}

export interface UnsharedResponse {
  readonly id: number;
  readonly text: string;
}

/** Returns a route that shows the metrics of one random ready worker, like a /metrics route in a plain cluster. */
export function createUnsharedRoute(readyWorkers: () => readonly ReadyWorker<UnsharedRequest>[]) {
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
        reject(new Error(`worker ${worker.id} did not answer within ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
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
    onMessage({ id, text }: UnsharedResponse): void {
      waiting.get(id)?.(text);
    },
  };
}
