/** Restores the repository's package.json after npm has packed. */
import { renameSync } from 'node:fs';
import { MANIFEST, SAVED_MANIFEST } from './manifest-files.ts';

renameSync(SAVED_MANIFEST, MANIFEST);
