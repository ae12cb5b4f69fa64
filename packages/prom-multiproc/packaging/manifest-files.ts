import { join } from 'node:path';

export const MANIFEST = join(import.meta.dirname, '../package.json');

/** Where the repository's package.json is while npm packs. */
export const SAVED_MANIFEST = join(import.meta.dirname, '../.package.json.packing');
