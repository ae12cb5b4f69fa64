import type { Worker } from 'node:cluster';
import type { ToPrimary, ToWorker } from '../core/ipc.ts';
import type { Door } from '../primary/metrics-server.ts';

const ANSWER_WITHIN_MS = 1000;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Asks one ready worker, taken at random, for its own view: what a naive /metrics behind a cluster shows. */
export function createUnsharedDoor(ready: () => Worker[]) {
  const waiting = new Map<number, (text: string) => void>();
  let lastId = 0;

  const door: Door = () => {
    const workers = ready();
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
      worker.send({ type: 'unshared', id } satisfies ToWorker);
    });
  };

  return {
    door,
    onMessage(message: ToPrimary): void {
      if (message.type === 'unshared') waiting.get(message.id)?.(message.text);
    },
  };
}
