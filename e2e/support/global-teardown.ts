import { docker, removeProject } from '../../kit/test-kit/docker.ts';
import { projectPrefix } from './run-id.ts';

/** A test process that was killed could not take its stack down: nothing of this run is left behind. */
export default async function globalTeardown(): Promise<void> {
  const projects = JSON.parse(await docker(['compose', 'ls', '--all', '--format', 'json'])) as {
    Name: string;
  }[];
  for (const { Name } of projects) {
    if (Name.startsWith(projectPrefix)) removeProject(Name);
  }
}
