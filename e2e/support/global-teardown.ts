import { docker, removeProject } from '../../kit/test-kit/docker.ts';
import { projectPrefix } from './run-id.ts';

/** Removes all stacks of this run, including those of test processes that were killed. */
export default async function globalTeardown(): Promise<void> {
  const projects = JSON.parse(await docker(['compose', 'ls', '--all', '--format', 'json'])) as {
    Name: string;
  }[];
  for (const { Name } of projects) {
    if (Name.startsWith(projectPrefix)) removeProject(Name);
  }
}
