/**
 * Manages copies of an application like PM2: it forks them without `node:cluster`, gives them ids, restarts a copy that exits, and
 * replaces them one by one at a reload. It runs in its own process, so that tests can kill it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export type Order = 'reload';
export type Report = { ready: number; pid: number } | { reloaded: true };

const [, , program, wanted] = process.argv as [string, string, string, string];
const copies = new Map<number, ChildProcess>();

async function start(id: number): Promise<void> {
  const child = fork(program, {
    env: { ...process.env, NODE_APP_INSTANCE: String(id), pm_id: String(id) },
  });
  copies.set(id, child);
  child.once('exit', () => {
    if (copies.get(id) === child) void start(id);
  });
  child.once('message', () => process.send?.({ ready: id, pid: child.pid! } satisfies Report));
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
}

/** Starts the new copy and waits until it is ready before it stops the old one. */
async function reload(id: number): Promise<void> {
  const old = copies.get(id)!;
  await start(id);
  const ended = once(old, 'exit');
  old.kill('SIGINT');
  await ended;
}

process.on('message', async () => {
  for (const id of copies.keys()) await reload(id);
  process.send?.({ reloaded: true } satisfies Report);
});
process.on('disconnect', () => process.exit());
for (let id = 0; id < Number(wanted); id++) await start(id);
