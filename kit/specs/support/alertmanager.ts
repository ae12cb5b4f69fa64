import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ComposeStack } from '../../../e2e/support/compose-stack.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { docker } from '../../test-kit/docker.ts';

const SHIPPED = resolve(import.meta.dirname, '../../../alertmanager/alertmanager.yml');

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export interface Message {
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly generatorURL: string;
  }[];
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`${SHIPPED} does not contain "${from}"`);
  return text.replace(from, to);
}

/** Writes the shipped configuration with a webhook, as its comments say, and with short intervals. Returns the file. */
export function configurationWith(webhook: string): string {
  let text = readFileSync(SHIPPED, 'utf8');
  text = replaced(text, '    # webhook_configs:\n    #   - url:', '    webhook_configs:\n      - url:');
  text = replaced(text, 'https://hooks.example.com/alerts', webhook);
  text = replaced(text, 'group_wait: 30s', 'group_wait: 5s');
  text = replaced(text, 'group_interval: 5m', 'group_interval: 5s');
  const directory = temporaryDirectory(thisProcess);
  const file = join(directory, 'alertmanager.yml');
  writeFileSync(file, text);
  // Alertmanager runs as another user.
  chmodSync(directory, 0o755);
  return file;
}

export async function messages(stack: ComposeStack): Promise<Message[]> {
  // `docker compose logs` adds escape sequences.
  const log = await docker(['logs', await stack.containerId('webhook')]);
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Message);
}

const request = (stack: ComposeStack, path: string, ...options: string[]) =>
  stack.exec('alertmanager', 'wget', '-q', '-O', '-', ...options, `http://127.0.0.1:9093${path}`);

/** Sends alerts with these labels, in one request, as Prometheus does. */
export async function send(
  stack: ComposeStack,
  labels: readonly Readonly<Record<string, string>>[],
): Promise<void> {
  const body = JSON.stringify(labels.map((one) => ({ labels: one })));
  await request(stack, '/api/v2/alerts', '--header', 'Content-Type: application/json', '--post-data', body);
}

/** Returns the names of the alerts that are not sent because their cause is. */
export async function inhibited(stack: ComposeStack): Promise<string[]> {
  const path = '/api/v2/alerts?active=false&silenced=false&inhibited=true';
  const found = JSON.parse(await request(stack, path)) as { labels: { alertname: string } }[];
  return found.map(({ labels }) => labels.alertname);
}

/** Returns how many messages Alertmanager did not send for this reason, `silence` or `inhibition`. */
export async function suppressed(stack: ComposeStack, reason: string): Promise<number> {
  const text = await request(stack, '/metrics');
  const sample = new RegExp(
    `^alertmanager_notifications_suppressed_total\\{reason="${reason}"\\} (\\S+)$`,
    'm',
  );
  return Number(sample.exec(text)?.[1] ?? 0);
}
