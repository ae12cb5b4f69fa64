import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { HostStack } from './host-stack.ts';
import type { Following, LoggedService, StackOptions } from './stack.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const UNIT = 'pandoras-express';
const INSTALL = 'supervisor/install-host';
const JOURNAL = ['--namespace', UNIT];
/** Only lines of nginx' access log have this field. */
const OF_ACCESS_LOG = '"server_port"';

/** Stacks that were started and not stopped. The last one is installed; a machine has one unit of this name. */
const started: UnitStack[] = [];

/** The stack as the systemd unit that `supervisor/install-host` installs. */
export class UnitStack extends HostStack {
  /** Replaces an earlier stack until this one is stopped. */
  static override async start(options: StackOptions): Promise<UnitStack> {
    await started.at(-1)?.uninstall();
    const stack = new UnitStack(options);
    started.push(stack);
    try {
      await stack.up();
      return stack;
    } catch (error) {
      console.error((await run('journalctl', [...JOURNAL, '--no-pager', '--lines', '60'])).stdout);
      await stack.down();
      throw error;
    }
  }

  override async up(): Promise<string> {
    const { stdout } = await run(this.place.file(INSTALL), { env: this.scriptEnvironment });
    if (this.hasSmallDirectory) await this.mountSmallDirectory();
    await this.settle();
    return stdout;
  }

  override async down(): Promise<void> {
    await super.down();
    started.splice(started.indexOf(this), 1);
    await started.at(-1)?.up();
  }

  protected override remove(): void {
    this.place.remove([INSTALL, '--remove']);
  }

  /** Removes the unit, and keeps the copy of the checkout. */
  async uninstall(): Promise<void> {
    await run(this.place.file(INSTALL), ['--remove'], { env: this.scriptEnvironment });
  }

  override get directory(): string {
    return `/srv/${UNIT}`;
  }

  /** The journal has the lines of all programs. */
  override async log(service: LoggedService): Promise<string> {
    await run('journalctl', [...JOURNAL, '--sync']);
    const read = [...JOURNAL, '--no-pager', '--output', 'cat'];
    const { stdout } = await run('journalctl', read, { maxBuffer: MAX_OUTPUT_BYTES });
    const isOfService = (line: string) => line.includes(OF_ACCESS_LOG) === (service === 'nginx');
    return stdout.split('\n').filter(isOfService).join('\n');
  }

  override async followLog(_service: unknown, onLine: (line: string) => void): Promise<Following> {
    const follow = [...JOURNAL, '--follow', '--lines', '0', '--output', 'cat'];
    const journal: ChildProcess = spawn('journalctl', follow, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: journal.stdout! }).on('line', onLine);
    return { close: () => void journal.kill() };
  }
}
