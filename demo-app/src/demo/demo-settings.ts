import { EnvironmentReader } from 'cluster-runtime';

export interface DemoSettings {
  /** Whether `/demo/counts` is there, which the page at `/` asks for. */
  readonly page: boolean;
  /** Whether faults on demand and `/demo/unshared` are there. */
  readonly controls: boolean;
}

/** @throws SettingsError that names each wrong variable, its value and what to set */
export function readDemoSettings(env = process.env): DemoSettings {
  const variables = new EnvironmentReader(env);
  const settings = {
    page: variables.flag('DEMO_PAGE', true),
    controls: variables.flag('DEMO_CONTROLS', false),
  };
  variables.throwProblems();
  return settings;
}
