/**
 * `npm run bench -- prometheus [--quick] [--json] [--out FILE]` measures what a Prometheus needs to scrape many replicas: see
 * docs/explanation/load.md. Writes the figures as JSON to FILE (default `reports/prometheus.json`) and prints them as a table. Needs Linux
 * and Prometheus 3.5 or later, no Docker. The exit status is 1 if a scrape failed or was missed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { thisProcess } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { PROMETHEUS_JSON } from '../files.ts';
import { benchOptions } from '../library/options.ts';
import { busyBeforeRun } from '../machine.ts';
import { progress } from '../progress.ts';
import { measureRounds, type Rounds } from './measure/rounds.ts';
import { DEFAULT, QUICK } from './plan.ts';
import { record } from './replay/record.ts';
import { type PrometheusReport, reportOf } from './report/report.ts';
import { asText } from './report/table.ts';

const options = benchOptions(process.argv.slice(2), PROMETHEUS_JSON);
const plan = options.quick ? QUICK : DEFAULT;

// Without a handler a signal ends the process before its exit handlers end the programs it started.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const busyBefore = await busyBeforeRun();
progress(`recording ${plan.scrapes} scrapes of the demo application`);
const recording = await record(thisProcess, plan);
const report = (rounds: Rounds): PrometheusReport => reportOf(rounds.cells, { busyBefore, ...rounds });
const jsonOf = (rounds: Rounds): string => `${JSON.stringify(report(rounds), null, 2)}\n`;
mkdirSync(dirname(options.out), { recursive: true });
const rounds = await measureRounds(thisProcess, recording, plan, progress, (soFar) =>
  writeFileSync(options.out, jsonOf(soFar)),
);
progress('done');
const { failures } = report(rounds);
process.stdout.write(options.json ? jsonOf(rounds) : asText(report(rounds)));
process.exit(failures.length > 0 ? 1 : 0);
