import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Size of blocks: https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/README.md */
export interface Blocks {
  readonly samples: number;
  readonly series: number;
  readonly chunkBytes: number;
  readonly indexBytes: number;
}

/** Adds up the blocks in a directory, such as a snapshot. @throws Error if there is none */
export function blocksIn(directory: string): Blocks {
  const blocks = readdirSync(directory).map((name) => blockAt(join(directory, name)));
  if (blocks.length === 0) throw new Error(`${directory} has no block`);
  const sum = (of: (block: Blocks) => number): number =>
    blocks.reduce((total, block) => total + of(block), 0);
  return {
    samples: sum(({ samples }) => samples),
    series: sum(({ series }) => series),
    chunkBytes: sum(({ chunkBytes }) => chunkBytes),
    indexBytes: sum(({ indexBytes }) => indexBytes),
  };
}

function blockAt(directory: string): Blocks {
  const { stats } = JSON.parse(readFileSync(join(directory, 'meta.json'), 'utf8')) as {
    stats: { numSamples: number; numSeries: number };
  };
  const chunks = join(directory, 'chunks');
  return {
    samples: stats.numSamples,
    series: stats.numSeries,
    chunkBytes: readdirSync(chunks).reduce((sum, name) => sum + statSync(join(chunks, name)).size, 0),
    indexBytes: statSync(join(directory, 'index')).size,
  };
}
