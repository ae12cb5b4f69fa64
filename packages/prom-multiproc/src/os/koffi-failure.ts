/** Why koffi, the add-on through which this library calls the C library, could not be loaded, and what to do. */

export interface Bundle {
  /** Undefined where the bundler leaves no trace. */
  readonly bundler: 'next' | 'ncc' | 'webpack' | undefined;
}

const EXTERNAL = {
  next: "serverExternalPackages: ['prom-multiproc', 'prom-client'] in next.config",
  ncc: '--external prom-multiproc',
  webpack: "externals: { 'prom-multiproc': 'commonjs prom-multiproc' }",
};

const EXTERNAL_OF_ANY = `esbuild: --external:prom-multiproc, rollup: external: [/^prom-multiproc/], webpack: ${EXTERNAL.webpack}, ncc: ${EXTERNAL.ncc}`;

/** The error to throw in place of `cause`; `bundle` where this library runs from a bundle. */
export function koffiFailure(cause: Error & { code?: string }, bundle: Bundle | undefined): Error {
  const [reason] = cause.message.split('\n', 1);
  return new Error(message(reason!, cause.code, bundle), { cause });
}

function message(reason: string, code: string | undefined, bundle: Bundle | undefined): string {
  if (code === 'ERR_DLOPEN_DISABLED') {
    return `koffi may not be loaded (${reason}): Node runs with --no-addons, or with --permission but without --allow-addons. Start it so that add-ons are allowed`;
  }
  if (bundle !== undefined) {
    const option = bundle.bundler === undefined ? EXTERNAL_OF_ANY : EXTERNAL[bundle.bundler];
    return `koffi was left behind when the application was bundled (${reason}): install prom-multiproc in node_modules where the bundle runs, or mark it external (${option})`;
  }
  // Yarn Plug'n'Play tells it in a sentence of its own.
  if (code === 'MODULE_NOT_FOUND' && /\bkoffi['"]?$|\bkoffi, /.test(reason)) {
    return `koffi is not installed (${reason}): it is an optional dependency. Install without --omit=optional or --no-optional`;
  }
  const platform = `${process.platform}-${process.arch}`;
  return `koffi cannot be loaded (${reason}): its binary for ${platform} is missing or does not fit. Install again on this platform, with optional dependencies; node_modules of another platform lacks it`;
}
