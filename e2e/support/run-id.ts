import { randomBytes } from 'node:crypto';

/** One id for all the processes of a run: its compose projects are found by it when the run is over. */
process.env.E2E_RUN_ID ??= randomBytes(4).toString('hex');

export const projectPrefix: string = `pandoras-e2e-${process.env.E2E_RUN_ID}`;
