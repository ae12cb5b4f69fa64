import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import type { StackProcess } from './processes.ts';

/** Number of workers of a stack. */
export const WORKERS = 4;

/** A program of the stack that writes a log. */
export type LoggedService = 'app' | 'nginx';

export type Signal = 'KILL' | 'STOP' | 'CONT' | 'HUP' | 'TTIN' | 'TTOU';

export interface StackOptions {
  /** False runs the app without its shared directory. The measurements must then fail. */
  readonly sharing: boolean;
  /**
   * Limits of nginx for one client: `shipped`, or `load` (default), which lifts them, because the load of a test comes from one
   * address.
   */
  readonly limits?: 'shipped' | 'load';
  /** True leaves the metrics directory room for some of the series only: fixtures/small-directory.compose.yml. */
  readonly smallDirectory?: boolean;
}

export interface Following {
  close(): void;
}

/**
 * The whole stack with four ready workers, as a spec sees it from outside. ComposeStack makes it from containers, HostStack from
 * processes of this machine, UnitStack from a systemd unit.
 */
export interface Stack {
  readonly publicUrl: string;
  readonly metricsUrl: string;
  readonly prometheusUrl: string;
  /** Environment with which the commands in scripts/ work on this stack. */
  readonly scriptEnvironment: NodeJS.ProcessEnv;

  /** Waits until all workers are ready and requests are answered. */
  settle(): Promise<Status>;
  /** Stops the stack and removes what it wrote. */
  down(): void | Promise<void>;
  /** Runs a command of scripts/ on this stack and returns its stdout. Rejects if it fails. */
  script(name: 'reload' | 'scale', ...args: string[]): Promise<string>;
  /** Restarts the app by supervisorctl. */
  restartApp(): Promise<void>;

  status(): Promise<Status>;
  signal(signal: Signal, pid: number): Promise<void>;
  /** Returns the processes of the app, its workers and supervisord, and maybe others of the stack. */
  processes(): Promise<StackProcess[]>;
  /** Identifies the run of supervisord. It changes if supervisord itself is restarted. */
  supervisordRun(): Promise<string>;
  /** Runs a shell script as the user of the app, with the app's PROMETHEUS_MULTIPROC_DIR. Returns its stdout. */
  shell(script: string): Promise<string>;
  /** Returns the names of the files in the shared directory; none if sharing is off. */
  slotFiles(): Promise<string[]>;
  /** Returns the page stub_status of nginx. */
  nginxStatus(): Promise<string>;

  /** Returns what a program has written to stdout and stderr. */
  log(service: LoggedService): Promise<string>;
  /** Passes each line that is logged from now on to `onLine`, over log rotation. */
  followLog(service: LoggedService, onLine: (line: string) => void): Promise<Following>;
}

const LIST_SLOT_FILES = 'if [ -n "$PROMETHEUS_MULTIPROC_DIR" ]; then ls -1A "$PROMETHEUS_MULTIPROC_DIR"; fi';

/** Implements Stack.slotFiles. */
export async function listSlotFiles(stack: Pick<Stack, 'shell'>): Promise<string[]> {
  return (await stack.shell(LIST_SLOT_FILES)).split('\n').filter((name) => name !== '');
}
