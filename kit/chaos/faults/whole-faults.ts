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

/** SIGHUP reloads, SIGTTIN and SIGTTOU scale: the primary does it in its own time, and the next faults meet it there. */
export const signalPrimary =
  (signal: 'HUP' | 'TTIN' | 'TTOU') =>
  async ({ census, shell }: Scene): Promise<boolean> => {
    const { primary } = await census.now();
    await shell.run(`kill -s ${signal} ${primary.pid}`);
    return true;
  };

/**
 * Kills the primary, and with it the application. What it counted is set back by design, so the account is closed
 * before; the kill itself comes under load.
 */
export async function killPrimary(scene: Scene, fault: Fault): Promise<boolean> {
  await scene.closeBook();
  scene.load.start();
  await delay(fault.holdMs / 4);
  const { primary, workers } = await scene.census.now();
  const pids = [primary.pid, ...workers.map(({ pid }) => pid)];
  const window = scene.open(fault);
  scene.endLife();
  // A zombie has let go of everything.
  const gone = pids.map(
    (pid) => `while read -r _ _ s _ </proc/${pid}/stat && [ "$s" != Z ]; do sleep 0.01; done`,
  );
  await scene.shell.run(`kill -s KILL ${primary.pid}; ${gone.join('; ')}; true`);
  scene.beginLife(pids);
  await poll(
    'a new application',
    async () => {
      const status = await scene.census.now();
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
    'both doors',
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

/** Fills the file system that the metrics directory is on, beside it, and kills a worker while it is full. */
export const fillTmpfs =
  (kill: FaultType['perform']): FaultType['perform'] =>
  async (scene, fault) => {
    await scene.shell.attempt(`dd if=/dev/zero of=${FILLER} bs=64k status=none`);
    try {
      const left = await scene.shell.run(`df --output=avail ${FILLER} | tail -n 1`);
      if (Number(left.trim()) !== 0) throw new Error(`${FILLER} left ${left.trim()} kB free`);
      const met = await kill(scene, fault);
      await delay(fault.holdMs);
      return met;
    } finally {
      await scene.shell.run(`rm -f ${FILLER}`);
    }
  };

/** A second start of the whole application must refuse to clear a directory in use, and leave it as it is. */
export async function secondStart(scene: Scene): Promise<boolean> {
  // Where nothing is shared there is nothing to refuse.
  if (!scene.sharing) return false;
  const start =
    'CLEAR_METRICS_DIR_WAIT_SECONDS=0.5 BEGUN_MARK= PORT=18041 METRICS_PORT=19041 supervisor/run-app';
  const { code, output } = await scene.slowShell.attempt(start);
  if (code === 0 || !/living process(?:es)? still holds?/.test(output)) {
    throw new Error(`a second start was not refused as it should be: exit status ${code}, ${output}`);
  }
  return true;
}

/** Another instance of the application counts in the same directory for a while, and is ended or killed. */
export async function secondInstance(scene: Scene, { target }: Fault): Promise<boolean> {
  const shell = scene.slowShell;
  // Its primary takes no slot.
  scene.census.headcount.beside = 1;
  try {
    const settings = `HOST=127.0.0.1 PORT=${PORTS.app} METRICS_PORT=${PORTS.metrics} WORKERS=1`;
    const pid = await shell.run(`${settings} node demo-app/src/main.ts >/dev/null 2>&1 & echo $!`);
    const ask = `
      const ask = async (path) => { const r = await fetch('http://127.0.0.1:${PORTS.app}' + path); await r.text(); return r.status; };
      const end = Date.now() + ${DEADLINE_MS / 2};
      while (await ask('/readyz').catch(() => 0) !== 200) {
        if (Date.now() > end) throw new Error('the second instance does not get ready');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      for (let i = 0; i < ${DIRECT_REQUESTS}; i++) if (await ask('/ping') !== 200) throw new Error('not answered');`;
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
    scene.census.headcount.beside = 0;
  }
  return true;
}
