import { randomBytes } from 'node:crypto';

/** The id of the run, shared by all its processes. The global teardown finds the compose projects of the run by it. */
process.env.E2E_RUN_ID ??= randomBytes(4).toString('hex');

export const projectPrefix: string = `pandoras-e2e-${process.env.E2E_RUN_ID}`;
