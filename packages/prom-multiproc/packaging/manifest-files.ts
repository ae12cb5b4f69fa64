import { join } from 'node:path';

export const MANIFEST = join(import.meta.dirname, '../package.json');

/** The repository's package.json while npm packs. */
export const SAVED_MANIFEST = join(import.meta.dirname, '../.package.json.packing');
