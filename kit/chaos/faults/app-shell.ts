import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { dockerClient } from '../../test-kit/docker.ts';

export interface ShellResult {
  readonly output: string;
  readonly code: number;
}

const TIMEOUT_MS = 60_000;

/** Runs commands one after the other in one shell inside a container: an `exec` for each would cost more than most faults. */
export class AppShell {
  readonly #containerId: string;
  readonly #marker = `done-${randomBytes(6).toString('hex')}`;
  #child: ChildProcessWithoutNullStreams | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(containerId: string) {
    this.#containerId = containerId;
  }

  /** Returns stdout and stderr. @throws Error if the command fails or the shell exits */
  async run(command: string): Promise<string> {
    const { output, code } = await this.attempt(command);
    if (code !== 0) throw new Error(`command failed with exit status ${code}: ${command}\n${output}`);
    return output;
  }

  attempt(command: string): Promise<ShellResult> {
    const next = this.#last.then(
      () => this.#attempt(command),
      () => this.#attempt(command),
    );
    this.#last = next;
    return next;
  }

  close(): void {
    this.#child?.kill();
  }

  #attempt(command: string): Promise<ShellResult> {
    if (this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) {
      this.#child = spawn(dockerClient(), ['exec', '--interactive', this.#containerId, 'sh']);
    }
    const child = this.#child;
    child.stderr.resume();
    const lines = createInterface({ input: child.stdout });
    return new Promise<ShellResult>((resolve, reject) => {
      const output: string[] = [];
      const timer = setTimeout(() => {
        child.kill();
        reject(new Error(`command did not end within ${TIMEOUT_MS} ms: ${command}`));
      }, TIMEOUT_MS);
      const ended = () => reject(new Error(`the shell in the container exited during: ${command}`));
      child.once('close', ended);
      child.once('error', reject);
      lines.on('line', (line) => {
        const [, code] = line.startsWith(this.#marker) ? line.split(' ') : [];
        if (code === undefined) {
          output.push(line);
          return;
        }
        clearTimeout(timer);
        lines.close();
        child.off('close', ended);
        child.off('error', reject);
        resolve({ output: output.join('\n'), code: Number(code) });
      });
      child.stdin.write(`( ${command} ) 2>&1 </dev/null; printf '\\n%s %s\\n' ${this.#marker} "$?"\n`);
    });
  }
}
