import { type Handler, main } from '../../src/index.ts';

interface Numbered {
  readonly number: number;
}

let greeted = 0;
const squares: number[] = [];

/** An extension with a greeting in each worker, its count in the primary, and workers that square numbers. */
await main<Numbered, Numbered>({
  createApp: async () => (await import('./ping-app/app.ts')).createApp(),
  extension: async () => {
    if (process.env.BROKEN_EXTENSION) throw new Error('the extension is broken');
    return {
      worker({ settings, send, reload }) {
        const routes = new Map<string, Handler>([
          [
            '/greet',
            (_req, res) => {
              send({ number: -1 });
              res.end(`hello from one of ${settings.workers}`);
            },
          ],
          [
            '/replace',
            (_req, res) => {
              reload();
              res.end();
            },
          ],
        ]);
        return { routes, onMessage: ({ number }) => send({ number: number ** 2 }) };
      },
      primary({ readyWorkers }) {
        const page = () => ({
          contentType: 'application/json',
          body: JSON.stringify({ greeted, squares, ready: readyWorkers().length }),
        });
        const square = () => {
          for (const { id, send } of readyWorkers()) send({ number: id });
          return { contentType: 'text/plain', body: '' };
        };
        return {
          routes: new Map([
            ['/greetings', page],
            ['/square', square],
          ]),
          onMessage({ number }) {
            if (number < 0) greeted += 1;
            else squares.push(number);
          },
        };
      },
    };
  },
});
