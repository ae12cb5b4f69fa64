// Only compiled, as an ES module and as CommonJS.
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

const readerOptions: ReaderOptions = {
  onUnreadable: (path: string, error: Error) => console.error(path, error),
};
const reader = new Reader('/run/app', readerOptions);
const slots: SlotStatus[] = [...reader.slots()];
export const text: string | undefined = reader.workerMetrics(slots.length);

clearDirectory('/run/app', { waitMs: 0 }).then(
  ({ removed }: Cleared) => removed.toFixed(),
  (error: unknown) => error instanceof ClearRefusedError,
);

// @ts-expect-error unknown option: the types are not `any`
share(register, { selfMetric: false });
// @ts-expect-error the directory is a string
new Reader(1);
