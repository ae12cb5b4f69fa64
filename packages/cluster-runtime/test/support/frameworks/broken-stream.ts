import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A body that fails after the client has received its beginning. */
export function brokenStream(): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from('beginning');
      await delay(20);
      throw new Error('streamed');
    })(),
    { objectMode: false },
  );
}
