/** postpack: puts the repository's package.json back in its place. */
import { renameSync } from 'node:fs';
import { MANIFEST, SAVED_MANIFEST } from './manifest-files.ts';

renameSync(SAVED_MANIFEST, MANIFEST);
