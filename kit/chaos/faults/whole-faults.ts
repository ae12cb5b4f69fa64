import { setTimeout as delay } from 'node:timers/promises';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../../test-kit/docker.ts';
import { getText } from '../../test-kit/scrape.ts';
import type { Fault } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';
import type { FaultType } from './faults.ts';

const DEADLINE_MS = 90_000;
const TIMEOUT_MS = 10_000;
const FILLER = '/run/app/chaos-filler';
const PORTS = { app: 18041, metrics: 19041 };
const DIRECT_REQUESTS = 20;

/** Sends SIGHUP (reload), SIGTTIN or SIGTTOU (scale) to the primary. The next faults do not wait for it. */
export const signalPrimary =
  (signal: 'HUP' | 'TTIN' | 'TTOU') =>
  async ({ status, shell }: Scene): Promise<boolean> => {
    const { primary } = await status.now();
    await shell.run(`kill -s ${signal} ${primary.pid}`);
    return true;
  };

/** Kills the primary under load, and with it the application. The restart resets the counts, so it balances the interval first. */
export async function killPrimary(scene: Scene, fault: Fault): Promise<boolean> {
  await scene.closeInterval();
  scene.load.start();
  await delay(fault.holdMs / 4);
  const { primary, workers } = await scene.status.now();
  const pids = [primary.pid, ...workers.map(({ pid }) => pid)];
  const window = scene.open(fault);
  scene.beginRestart();
  // A zombie has released its lock and its sockets.
  const untilExited = pids.map(
    (pid) => `while read -r _ _ s _ </proc/${pid}/stat && [ "$s" != Z ]; do sleep 0.01; done`,
  );
  await scene.shell.run(`kill -s KILL ${primary.pid}; ${untilExited.join('; ')}; true`);
  scene.endRestart(pids);
  await poll(
    'the restarted application',
    async () => {
      const status = await scene.status.now();
      const ready = status.workers.filter(({ state }) => state === 'ready');
      if (status.primary.pid === primary.pid || ready.length < status.workersDesired)
        throw new Error(JSON.stringify(status));
      await getText(`${scene.stack.publicUrl}/readyz`, TIMEOUT_MS);
      return true;
    },
    { deadlineMs: DEADLINE_MS },
  );
  window.to = Date.now();
  return true;
}

export async function restartNginx(scene: Scene, fault: Fault): Promise<boolean> {
  const id = await scene.stack.containerId('nginx');
  const window = scene.open(fault);
  await docker(['restart', id]);
  await poll(
    'the public port and the metrics port',
    async () => {
      await getText(`${scene.stack.publicUrl}/readyz`, TIMEOUT_MS);
      await getText(`${scene.stack.metricsUrl}/status`, TIMEOUT_MS);
      return true;
    },
    { deadlineMs: DEADLINE_MS },
  );
  window.to = Date.now();
  return true;
}

export async function restartPrometheus({ stack }: Scene): Promise<boolean> {
  await docker(['restart', await stack.containerId('prometheus')]);
  await poll('Prometheus', () => getText(`${stack.prometheusUrl}/-/ready`, TIMEOUT_MS), {
    deadlineMs: DEADLINE_MS,
  });
  return true;
}

/** Fills the file system of the metrics directory, and kills a worker while it is full. */
export const fillTmpfs =
  (kill: FaultType['perform']): FaultType['perform'] =>
  async (scene, fault) => {
    await scene.shell.attempt(`dd if=/dev/zero of=${FILLER} bs=64k status=none`);
    try {
      const left = await scene.shell.run(`df --output=avail ${FILLER} | tail -n 1`);
      if (Number(left.trim()) !== 0)
        throw new Error(`${FILLER} did not fill the file system: ${left.trim()} kB are free`);
      const hit = await kill(scene, fault);
      await delay(fault.holdMs);
      return hit;
    } finally {
      await scene.shell.run(`rm -f ${FILLER}`);
    }
  };

/** Starts the application a second time, which must fail without clearing the directory in use. */
export async function secondStart(scene: Scene): Promise<boolean> {
  // Without sharing there is no directory in use.
  if (!scene.sharing) return false;
  const start =
    'CLEAR_METRICS_DIR_WAIT_SECONDS=0.5 BEGUN_MARK= PORT=18041 METRICS_PORT=19041 supervisor/run-app';
  const { code, output } = await scene.slowShell.attempt(start);
  if (code === 0 || !/living process(?:es)? still holds?/.test(output)) {
    throw new Error(`a second start did not fail with "still holds": exit status ${code}, ${output}`);
  }
  return true;
}

/** Starts another instance that counts in the same directory, then ends it with SIGTERM or SIGKILL. */
export async function secondInstance(scene: Scene, { target }: Fault): Promise<boolean> {
  const shell = scene.slowShell;
  // One worker; its primary takes no slot.
  scene.status.processCount.otherInstance = 1;
  try {
    const settings = `HOST=127.0.0.1 PORT=${PORTS.app} METRICS_PORT=${PORTS.metrics} WORKERS=1`;
    const pid = await shell.run(`${settings} node demo-app/src/main.js >/dev/null 2>&1 & echo $!`);
    const ask = `
      const ask = async (path) => { const r = await fetch('http://127.0.0.1:${PORTS.app}' + path); await r.text(); return r.status; };
      const end = Date.now() + ${DEADLINE_MS / 2};
      while (await ask('/readyz').catch(() => 0) !== 200) {
        if (Date.now() > end) throw new Error('the second instance is not ready in time');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      for (let i = 0; i < ${DIRECT_REQUESTS}; i++) if (await ask('/ping') !== 200) throw new Error('the second instance did not answer');`;
    try {
      await shell.run(`node --input-type=module --eval "${ask}"`);
      scene.ledger.answeredDirectly('GET', DIRECT_REQUESTS);
    } finally {
      const signal = target % 2 === 0 ? 'TERM' : 'KILL';
      await shell.run(
        `kill -s ${signal} ${pid.trim()}; while kill -s 0 ${pid.trim()} 2>/dev/null; do sleep 0.05; done`,
      );
    }
  } finally {
    scene.status.processCount.otherInstance = 0;
  }
  return true;
}
