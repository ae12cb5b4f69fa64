// Usage: build.mjs "<tool> [<format> <extension>]" [external]. Bundles two-workers.mjs into dist/. The tool nft copies the
// traced files instead. With `external`, the bundle imports prom-multiproc and the client from node_modules.
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [tool, external] = process.argv.slice(2);
const marked = external === 'external' ? ['prom-client', /^prom-multiproc/] : [];
const entry = 'two-workers.mjs';

const BUILDS = {
  async esbuild(format, extension) {
    const { build } = await import('esbuild');
    const require =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format,
      ...(format === 'esm' ? { banner: { js: require } } : {}),
      external: marked.length > 0 ? ['prom-client', 'prom-multiproc'] : [],
      outfile: `dist/app.${extension}`,
      logLevel: 'error',
    });
  },

  async rollup(format, extension) {
    const { rollup } = await import('rollup');
    const [commonjs, json, nodeResolve] = await Promise.all(
      ['commonjs', 'json', 'node-resolve'].map(
        async (name) => (await import(`@rollup/plugin-${name}`)).default,
      ),
    );
    const plugins = [nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()];
    const bundle = await rollup({ input: entry, external: marked, plugins });
    await bundle.write({ file: `dist/app.${extension}`, format, inlineDynamicImports: true });
  },

  async webpack() {
    const { default: webpack } = await import('webpack');
    const output = { path: `${process.cwd()}/dist`, filename: 'app.cjs' };
    const externals = Object.fromEntries(
      ['prom-client', 'prom-multiproc', 'prom-multiproc/clear-directory'].map((name) => [
        name,
        `commonjs ${name}`,
      ]),
    );
    const stats = await new Promise((resolve, reject) => {
      webpack(
        {
          target: 'node',
          mode: 'production',
          entry: `./${entry}`,
          output,
          externals: marked.length > 0 ? externals : {},
        },
        (error, done) => (error ? reject(error) : resolve(done)),
      );
    });
    if (stats.hasErrors()) throw new Error(stats.toString());
  },

  async ncc() {
    const ncc = createRequire(import.meta.url)('@vercel/ncc');
    const { writeFileSync, mkdirSync } = await import('node:fs');
    const { code } = await ncc(`${process.cwd()}/${entry}`, {
      cache: false,
      quiet: true,
      externals: marked.length > 0 ? ['prom-client', 'prom-multiproc', 'prom-multiproc/clear-directory'] : [],
    });
    mkdirSync('dist', { recursive: true });
    writeFileSync('dist/app.mjs', code);
  },

  async nft() {
    const { nodeFileTrace } = await import('@vercel/nft');
    const { cpSync } = await import('node:fs');
    const { fileList } = await nodeFileTrace([entry]);
    for (const file of [...fileList].sort()) {
      cpSync(file, `dist/${file}`, { recursive: true, verbatimSymlinks: true });
    }
    copyFileSync(entry, 'dist/app.mjs');
  },
};

const [name, format, extension] = tool.split(' ');
await BUILDS[name](format, extension);
