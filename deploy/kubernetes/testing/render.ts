import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The directories from which a user renders objects. */
export const DIRECTORIES = ['base', 'overlays/development', 'overlays/production'].map(
  (name) => `deploy/kubernetes/${name}`,
);

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Runs `kubectl kustomize` in a directory of the checkout. @throws Error if it fails or is not installed */
export function renderText(directory: string): string {
  const { error, status, stdout, stderr } = spawnSync('kubectl', ['kustomize', resolve(ROOT, directory)], {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    throw new Error(
      'kubectl 1.27 or later is not installed; on Debian 13: apt-get install kubernetes-client, on macOS: brew install kubectl',
      { cause: error },
    );
  }
  if (status !== 0) throw new Error(`kubectl kustomize ${directory} exited with ${status}: ${stderr}`);
  return stdout;
}

/** Renders a Kustomize directory, such as deploy/kubernetes/base, into its objects. */
export function render(directory: string): KubernetesObject[] {
  return parseAllDocuments(renderText(directory)).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as KubernetesObject;
  });
}

/** Returns the only object of a kind. */
export function objectOf<T extends KubernetesObject>(objects: readonly KubernetesObject[], kind: string): T {
  const found = objects.filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`expected one ${kind}, found ${found.length}`);
  return found[0] as T;
}
