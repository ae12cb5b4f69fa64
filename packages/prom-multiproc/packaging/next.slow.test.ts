/** The package works in a standalone server of Next.js, or the error names the missing setting. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { pack } from './testing-package.ts';
import {
  assertCounted,
  installTools,
  moveAway,
  type Outcome,
  outcome,
  snippets,
  succeed,
} from './testing-tools.ts';

let tools: string;

before(() => {
  tools = installTools(pack(), 'next');
});

describe('Next.js, as a standalone server', () => {
  async function built(flag: '--turbopack' | '--webpack', external: 'yes' | 'no'): Promise<Outcome> {
    rmSync(join(tools, 'next/.next'), { recursive: true, force: true });
    await succeed([join(tools, 'node_modules/next/dist/bin/next'), 'build', 'next', flag], tools, {
      EXTERNAL: external,
    });
    const standalone = moveAway(join(tools, 'next/.next/standalone'));
    writeFileSync(
      join(standalone, 'next/two-servers.cjs'),
      readFileSync(join(tools, 'next/two-servers.cjs')),
    );
    return outcome(['two-servers.cjs'], join(standalone, 'next'));
  }

  for (const bundler of ['--turbopack', '--webpack'] as const) {
    test(`built with ${bundler} it counts if next.config has serverExternalPackages as in docs/guides/install.md`, async () => {
      const [line] = snippets('Next.js', 'js');
      const config = readFileSync(join(tools, 'next/next.config.mjs'), 'utf8');
      assert.ok(config.includes(line!.match(/serverExternalPackages: \[.*\]/)![0]));
      assertCounted(await built(bundler, 'yes'), 'hits_total', 20);
    });
  }

  for (const bundler of ['--turbopack', '--webpack'] as const) {
    test(`built with ${bundler} without serverExternalPackages, the error names that setting`, async () => {
      const { stdout, stderr } = await built(bundler, 'no');
      assert.match(
        stdout + stderr,
        /koffi is not in the bundle .*\(serverExternalPackages: \['prom-multiproc', 'prom-client'\] in next.config\)/,
      );
    });
  }
});
