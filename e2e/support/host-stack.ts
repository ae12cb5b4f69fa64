import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { getText } from '../../kit/test-kit/scrape.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { FileFollower, readLog } from './file-follower.ts';
import { HostPlace } from './host-place.ts';
import { processesOfSession, startTimeOf } from './host-processes.ts';
import { inMountNamespaceOf, inNewMountNamespace } from './mount-namespace.ts';
import type { StackProcess } from './processes.ts';
import { readStatus, settled } from './settled.ts';
import {
  type Following,
  type LoggedService,
  listSlotFiles,
  type Signal,
  type Stack,
  type StackOptions,
  WORKERS,
} from './stack.ts';
import { startAlone } from './start-lock.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 20_000;
const MOUNT = resolve(import.meta.dirname, '../fixtures/mount-tmpfs.py');
/** As in fixtures/small-directory.compose.yml. */
const SMALL_DIRECTORY = '416k';

/** The stack without containers, as `scripts/up --host` starts it on this machine. */
export class HostStack implements Stack {
  protected readonly place: HostPlace;
  readonly #sharing: boolean;
  protected readonly hasSmallDirectory: boolean;
  readonly #removeOnExit = (): void => this.remove();

  protected constructor(options: StackOptions) {
    this.place = HostPlace.create(options);
    this.#sharing = options.sharing;
    this.hasSmallDirectory = options.smallDirectory === true;
    // Removes the stack also if the process ends without a teardown, by a signal or a crash.
    process.once('exit', this.#removeOnExit);
  }

  static async start(options: StackOptions): Promise<HostStack> {
    const stack = new HostStack(options);
    try {
      await stack.up();
      return stack;
    } catch (error) {
      stack.down();
      throw error;
    }
  }

  /** A stack that is not started. */
  static prepare(options: StackOptions): HostStack {
    return new HostStack(options);
  }

  /** Runs `scripts/up --host --detach` and returns its output. */
  async up(): Promise<string> {
    const inNamespace = this.hasSmallDirectory ? inNewMountNamespace : [];
    const [file, ...args] = [...inNamespace, this.place.file('scripts/up'), '--host', '--detach'];
    const env = this.scriptEnvironment;
    const { stdout } = await startAlone(() => run(file!, args, { env }));
    if (this.hasSmallDirectory) await this.mountSmallDirectory();
    await this.settle();
    return stdout;
  }

  down(): void | Promise<void> {
    this.remove();
    process.removeListener('exit', this.#removeOnExit);
  }

  /** Synchronous, so it can run in an exit handler. */
  protected remove(): void {
    this.place.remove();
  }

  get directory(): string {
    return this.place.directory;
  }

  /** The copy of the checkout from which the stack is built. */
  get checkout(): string {
    return this.place.checkout;
  }

  get publicUrl(): string {
    return `http://127.0.0.1:${this.variable('PUBLIC_PORT')}`;
  }

  get metricsUrl(): string {
    return `http://127.0.0.1:${this.variable('METRICS_HOST_PORT')}`;
  }

  get prometheusUrl(): string {
    return `http://127.0.0.1:${this.variable('PROMETHEUS_PORT')}`;
  }

  /** Returns a variable of stack.env. */
  variable(name: string): string {
    const value = parseEnv(readFileSync(join(this.directory, 'stack.env'), 'utf8'))[name];
    if (value === undefined) throw new Error(`${this.directory}/stack.env has no ${name}`);
    return value;
  }

  get scriptEnvironment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      // The Node of the tests: the copy of the checkout has no .tools.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOST_DIRECTORY: this.directory,
      PUBLIC_PORT: '0',
      METRICS_HOST_PORT: '0',
      PROMETHEUS_PORT: '0',
      WORKERS: String(WORKERS),
      DEMO_CONTROLS: '1',
      // Off, because on a busy machine shed requests would fail tests of other things.
      MAX_WAIT_MS: '0',
      REMOTE_WRITE_URL: '',
      PROMETHEUS_AGENT: '',
    };
  }

  async script(name: 'reload' | 'scale' | 'down', ...args: string[]): Promise<string> {
    const { stdout } = await run(this.place.file(`scripts/${name}`), args, { env: this.scriptEnvironment });
    return stdout;
  }

  /** Runs supervisorctl and returns its stdout. */
  control(...args: string[]): Promise<string> {
    return this.#inStack('supervisorctl', '--configuration', this.supervisorConfiguration, ...args);
  }

  /** Returns the pid of a program of supervisord; 0 if it does not run. */
  async programPid(program: string): Promise<number> {
    return Number(await this.control('pid', program));
  }

  get supervisorConfiguration(): string {
    return join(this.directory, 'app/supervisor/supervisord.conf');
  }

  async restartApp(): Promise<void> {
    await this.control('restart', 'app');
  }

  settle(): Promise<Status> {
    return settled(this);
  }

  status(): Promise<Status> {
    return readStatus(this);
  }

  async signal(signal: Signal, pid: number): Promise<void> {
    process.kill(pid, `SIG${signal}`);
  }

  /** All processes of the stack. */
  async processes(): Promise<StackProcess[]> {
    return processesOfSession(this.session());
  }

  /** Returns the id of the session of all processes: the pid of run-supervisord. */
  session(): number {
    return this.#pidIn('main.pid');
  }

  async supervisordRun(): Promise<string> {
    const pid = this.#pidIn('supervisord.pid');
    return `${pid} started at ${startTimeOf(pid)}`;
  }

  shell(script: string): Promise<string> {
    return this.#inStack('sh', '-c', this.#sharing ? script : `PROMETHEUS_MULTIPROC_DIR=; ${script}`);
  }

  slotFiles(): Promise<string[]> {
    return listSlotFiles(this);
  }

  nginxStatus(): Promise<string> {
    return getText(`http://127.0.0.1:${this.variable('NGINX_STATUS_PORT')}/stub_status`, ANSWER_TIMEOUT_MS);
  }

  async log(service: LoggedService): Promise<string> {
    return readLog(this.#logOf(service));
  }

  async followLog(service: LoggedService, onLine: (line: string) => void): Promise<Following> {
    return new FileFollower(this.#logOf(service), onLine);
  }

  #logOf(service: LoggedService): string {
    return join(this.variable('LOG_DIRECTORY'), `${service}.log`);
  }

  #pidIn(file: string): number {
    return Number(readFileSync(join(this.variable('RUN_DIRECTORY'), file), 'utf8'));
  }

  /** Mounts a small file system on the metrics directory. */
  protected async mountSmallDirectory(): Promise<void> {
    await this.control('stop', 'app');
    const { uid, gid } = statSync(this.variable('RUN_DIRECTORY'));
    const options = `size=${SMALL_DIRECTORY},uid=${uid},gid=${gid},mode=0750`;
    const directory = this.variable('PROMETHEUS_MULTIPROC_DIR');
    await run('python3', [MOUNT, String(this.session()), directory, options]);
    // Not awaited: supervisorctl returns after startsecs. settle() shows whether the app starts.
    this.control('start', 'app').catch(() => {});
  }

  /** Runs a command as the user of the stack, with its environment, where it sees the metrics directory as the stack does. */
  async #inStack(...command: string[]): Promise<string> {
    // As text: the mount namespace of a systemd unit does not have the checkout.
    const inStack = readFileSync(this.place.file('scripts/lib/host/in-stack'), 'utf8');
    const enter = this.hasSmallDirectory ? inMountNamespaceOf(this.session()) : [];
    const script = ['sh', '-c', inStack, 'in-stack', this.directory, ...command];
    const [file, ...args] = [...enter, ...script];
    const { PATH } = process.env;
    const { stdout } = await run(file!, args, { env: { PATH }, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  }
}
