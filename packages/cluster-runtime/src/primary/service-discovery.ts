import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { Reader } from 'prom-multiproc';
import type { MetricsRoute } from '../core/extension.ts';

/** One target of Prometheus' HTTP service discovery. */
interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

type Slot = Pick<ReturnType<Reader['slots']>[number], 'slot' | 'live'>;

/**
 * The slots of the directory as they are now. From the files and not from what workers once said: only a slot that is
 * held is answered at `/metrics/workers/<slot>`. The directory is opened at the first call.
 */
export function slotsOf(directory: () => string): () => readonly Slot[] {
  let reader: Reader | undefined;
  return () => {
    // The reader of the totals reports what cannot be read.
    reader ??= new Reader(directory(), { onUnreadable: () => {} });
    return reader.slots();
  };
}

/**
 * Lists each living worker as a target. At the address by which this server was reached: the name that was asked for may
 * stand for several replicas, and each has slots of its own.
 */
export function createTargetsRoute(slots: () => readonly Slot[]): MetricsRoute {
  return ({ socket }) => {
    const address = addressOf(socket);
    const groups: TargetGroup[] = slots()
      .filter(({ live }) => live)
      .map(({ slot }) => ({
        targets: [address],
        labels: { __metrics_path__: `/metrics/workers/${slot}`, worker: String(slot) },
      }));
    return { contentType: 'application/json', body: `${JSON.stringify(groups)}\n` };
  };
}

function addressOf({ localAddress = '', localPort }: IncomingMessage['socket']): string {
  const host = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  return `${isIPv6(host) ? `[${host}]` : host}:${localPort}`;
}
