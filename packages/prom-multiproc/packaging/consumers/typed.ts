// Compiled only, as an ES module and as CommonJS.
import { createServer } from 'node:http';
import { Registry, register } from 'prom-client';
import {
  metricsHandler,
  Reader,
  type ReaderOptions,
  type ShareOptions,
  type SlotStatus,
  share,
} from 'prom-multiproc';
import { type Cleared, ClearRefusedError, clearDirectory } from 'prom-multiproc/clear-directory';
import 'prom-multiproc/register';

const options: ShareOptions = {
  selfMetrics: false,
  onFailure: (error: Error) => console.error(error.message),
};
share(register, options);
share(new Registry());
createServer(metricsHandler(register));

const told: ReaderOptions = { onUnreadable: (path: string, error: Error) => console.error(path, error) };
const reader = new Reader('/run/app', told);
const slots: SlotStatus[] = [...reader.slots()];
export const text: string | undefined = reader.workerMetrics(slots.length);

clearDirectory('/run/app', { waitMs: 0 }).then(
  ({ removed }: Cleared) => removed.toFixed(),
  (error: unknown) => error instanceof ClearRefusedError,
);

// @ts-expect-error there is no such option: the types are there, and not `any`
share(register, { selfMetric: false });
// @ts-expect-error a directory is text
new Reader(1);
