import { EnvironmentReader } from 'cluster-runtime';

export interface DemoSettings {
  /** Whether `/demo/counts` exists, which the page at `/` reads. */
  readonly page: boolean;
  /** Whether the fault controls and `/demo/unshared` exist. */
  readonly controls: boolean;
}

/** @throws SettingsError that names each invalid variable, its value and the allowed values */
export function readDemoSettings(env = process.env): DemoSettings {
  const variables = new EnvironmentReader(env);
  const settings = {
    page: variables.flag('DEMO_PAGE', true),
    controls: variables.flag('DEMO_CONTROLS', false),
  };
  variables.throwProblems();
  return settings;
}
