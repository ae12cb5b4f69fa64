/** `node kit/bench/stack/cost/report.ts [FILE]` writes the figures of `npm run bench -- stack` into docs/explanation/load.md. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { LOAD_PAGE, STACK_COST_SCRIPT, STACK_JSON } from '../../files.ts';
import { processors } from '../../machine.ts';
import type { Report } from '../../stats/comparison.ts';
import { withFigures } from '../../stats/page-figures.ts';
import { costTable } from './table.ts';

const [file = STACK_JSON] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const day = statSync(file).mtime.toISOString().slice(0, 10);
const machine = `Node ${process.versions.node}, ${processors()}, ${day}.`;
const figures = `${machine}\n\n${costTable(report)}`;
writeFileSync(LOAD_PAGE, withFigures(readFileSync(LOAD_PAGE, 'utf8'), STACK_COST_SCRIPT, figures));
