import { COUNTING } from './scenarios/counting.ts';
import { LABELS } from './scenarios/labels.ts';
import { REMOVAL } from './scenarios/removal.ts';
import type { Scenarios } from './scenarios/scenario.ts';
import { SPECIAL } from './scenarios/special.ts';

export const SCENARIOS: Scenarios = { ...COUNTING, ...LABELS, ...REMOVAL, ...SPECIAL };
