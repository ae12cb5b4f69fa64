import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Cleanup,
  temporaryDirectory,
} from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import type { KubernetesObject } from './render.ts';

const MODULES = resolve(import.meta.dirname, '../../../node_modules');
/** Packages with the schemas of groups that are not part of Kubernetes. */
const PACKAGES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
};
const OPTIONS = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];

function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  const schemas = PACKAGES[apiVersion.split('/')[0]!] ?? 'kubernetes-models';
  return `${schemas}/${apiVersion}/${kind}`;
}

/**
 * Compares each object with the interface of its kind, which is generated from the schema of the API server. The compiler refuses
 * unknown fields and wrong types. Returns the problems of each object, in the order of `objects`.
 */
export function typeProblems(owner: Cleanup, objects: readonly KubernetesObject[]): string[][] {
  const directory = temporaryDirectory(owner);
  symlinkSync(MODULES, join(directory, 'node_modules'));
  // One line for each object: the compiler names the line.
  const lines = objects.map(
    (object, i) =>
      `export const o${i}: import('${moduleOf(object)}').I${object.kind} = ${JSON.stringify(object)};`,
  );
  writeFileSync(join(directory, 'objects.mts'), lines.join('\n'));
  const { error, stdout, stderr } = spawnSync(
    join(MODULES, '.bin/tsc'),
    [...OPTIONS, '--pretty', 'false', 'objects.mts'],
    { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (error !== undefined) throw error;
  const problems: string[][] = objects.map(() => []);
  for (const line of stdout.split('\n').filter((text) => /^\S/.test(text))) {
    const [, number, message] = /^objects\.mts\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    if (message === undefined) throw new Error(`unexpected output of tsc: ${stdout}${stderr}`);
    problems[Number(number) - 1]!.push(message);
  }
  return problems;
}

interface Model {
  validate(): void;
}

/** Checks the values: required fields, ranges and patterns. @throws Error that names the field */
export async function validate(object: KubernetesObject): Promise<void> {
  const models = (await import(moduleOf(object))) as Record<string, new (data: object) => Model>;
  new models[object.kind]!(object).validate();
}
