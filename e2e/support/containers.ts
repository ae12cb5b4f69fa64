import { getContainerRuntimeClient } from 'testcontainers';

export interface ComposeContainer {
  readonly id: string;
  readonly name: string;
  readonly isRunning: boolean;
  /** Ports of the container and those of the machine at which they are published. */
  readonly ports: readonly { readonly inside: number; readonly published: number | undefined }[];
}

/**
 * Lists the containers of a compose project, or of one of its services, sorted by name, including those that have exited. Uses the
 * engine's API: a `docker compose` command takes 0.23 s of CPU time, and tests list containers often.
 */
export async function composeContainers(project: string, service?: string): Promise<ComposeContainer[]> {
  const labels = { project, oneoff: 'False', ...(service !== undefined && { service }) };
  const label = Object.entries(labels).map(([name, value]) => `com.docker.compose.${name}=${value}`);
  const { container } = await getContainerRuntimeClient();
  const found = await container.dockerode.listContainers({ all: true, filters: { label } });
  const all = found.map(({ Id, Names, State, Ports }) => ({
    id: Id,
    name: Names[0]!.slice(1),
    isRunning: State === 'running',
    ports: Ports.map(({ PrivatePort, PublicPort }) => ({ inside: PrivatePort, published: PublicPort })),
  }));
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}
