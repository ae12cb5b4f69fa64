import { loadavg } from 'node:os';
import type { Cleanup } from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import type { Plan } from '../plan.ts';
import type { Recording } from '../replay/replay-server.ts';
import { failuresOf, type MeasuredCell } from '../report/report.ts';
import { measureCell, SIDES } from './cell.ts';

export interface Rounds {
  readonly cells: readonly MeasuredCell[];
  readonly loadAverages: readonly number[];
}

/** Measures both sides of each batch at the same time, so that changes on the machine affect both, and the batches in turns. Calls `onBatch` after each. */
export async function measureRounds(
  owner: Cleanup,
  recording: Recording,
  plan: Pick<Plan, 'batches' | 'rounds' | 'settleSeconds' | 'seconds'>,
  progress: (text: string) => void,
  onBatch: (soFar: Rounds) => void = () => {},
): Promise<Rounds> {
  const cells: MeasuredCell[] = [];
  const loadAverages: number[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    for (const batch of plan.batches) {
      progress(`round ${round + 1} of ${plan.rounds}: ${batch.join(' and ')} replicas`);
      const kinds = batch.flatMap((replicas) => SIDES.map((side) => ({ replicas, side })));
      const measured = await Promise.all(
        kinds.map(async (kind) => ({
          ...kind,
          ...(await measureCell(owner, { ...plan, ...kind, recording })),
        })),
      );
      cells.push(...measured);
      for (const failure of measured.flatMap(failuresOf)) progress(failure);
      loadAverages.push(loadavg()[0]!);
      onBatch({ cells, loadAverages });
    }
  }
  return { cells, loadAverages };
}
