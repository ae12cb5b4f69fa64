import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ComposeStack } from '../../../../e2e/support/compose-stack.ts';
import { HostStack } from '../../../../e2e/support/host-stack.ts';
import { docker } from '../../../test-kit/docker.ts';
import { treeOf } from './processes.ts';

/** A running stack: its URL and the pids of two of its parts, on this machine. */
export interface Side {
  readonly url: string;
  app(): number[];
  nginx(): number[];
  down(): void | Promise<void>;
}

/** The same stack in containers, twice, and without. The difference between the first two is noise. */
export const SIDES: Readonly<Record<string, () => Promise<Side>>> = {
  ours: inContainers,
  containers_again: inContainers,
  host: onHost,
};

async function inContainers(): Promise<Side> {
  const stack = await ComposeStack.start({ sharing: true });
  const [app, nginx] = await Promise.all(['app', 'nginx'].map((service) => mainOf(stack, service)));
  return {
    url: `${stack.publicUrl}/ping`,
    app: () => treeOf(app!),
    nginx: () => treeOf(nginx!),
    down: () => stack.down(),
  };
}

async function mainOf(stack: ComposeStack, service: string): Promise<number> {
  return Number(await docker(['inspect', '--format', '{{.State.Pid}}', await stack.containerId(service)]));
}

/** supervisord belongs to the app, as in its container. */
async function onHost(): Promise<Side> {
  const stack = await HostStack.start({ sharing: true });
  const pidOf = (program: string) => stack.programPid(program);
  const programs = readdirSync(join(stack.directory, 'app/supervisor/programs')).map((file) =>
    file.replace('.conf', ''),
  );
  const others = await Promise.all(programs.filter((program) => program !== 'app').map(pidOf));
  const nginx = await pidOf('nginx');
  return {
    url: `${stack.publicUrl}/ping`,
    app: () => {
      const left = new Set(others.flatMap(treeOf));
      return treeOf(stack.session()).filter((pid) => !left.has(pid));
    },
    nginx: () => treeOf(nginx),
    down: () => stack.down(),
  };
}
