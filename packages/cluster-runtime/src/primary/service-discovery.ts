import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { Reader } from 'prom-multiproc';
import type { MetricsRoute } from '../core/extension.ts';
import type { TargetGroup } from '../core/target-group.ts';

type Slot = Pick<ReturnType<Reader['slots']>[number], 'slot' | 'live'>;

/**
 * Returns a function that lists the slots in the directory. It reads the files and not the messages of workers, because
 * `/metrics/workers/<slot>` answers for live slots only. The first call opens the directory.
 */
export function slotsOf(directory: () => string): () => readonly Slot[] {
  let reader: Reader | undefined;
  return () => {
    // The reader of `/metrics` already reports unreadable slots.
    reader ??= new Reader(directory(), { onUnreadable: () => {} });
    return reader.slots();
  };
}

/**
 * Lists each live slot as a target, at the address on which this server accepted the request, and not by a host name,
 * because that may stand for several replicas, each with its own slots.
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
