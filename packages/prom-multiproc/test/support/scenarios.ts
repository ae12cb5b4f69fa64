import { COUNTING } from './scenarios/counting.ts';
import { LABELS } from './scenarios/labels.ts';
import type { Scenarios } from './scenarios/scenario.ts';
import { SPECIAL } from './scenarios/special.ts';
import { TAKING_BACK } from './scenarios/taking-back.ts';

export const SCENARIOS: Scenarios = { ...COUNTING, ...LABELS, ...TAKING_BACK, ...SPECIAL };
