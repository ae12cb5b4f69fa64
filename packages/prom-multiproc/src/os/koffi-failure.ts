/** A bundle that this library runs from. */
export interface Bundle {
  /** Undefined if it cannot be detected. */
  readonly bundler: 'next' | 'ncc' | 'webpack' | undefined;
}

const EXTERNAL = {
  next: "serverExternalPackages: ['prom-multiproc', 'prom-client'] in next.config",
  ncc: '--external prom-multiproc',
  webpack: "externals: { 'prom-multiproc': 'commonjs prom-multiproc' }",
};

const EXTERNAL_OF_ANY = `esbuild: --external:prom-multiproc, rollup: external: [/^prom-multiproc/], webpack: ${EXTERNAL.webpack}, ncc: ${EXTERNAL.ncc}`;

/**
 * Returns the error to throw instead of `cause`. Its message says what to do. koffi is the add-on that calls the C library.
 * `bundle` is undefined if this library does not run from one.
 */
export function koffiFailure(cause: Error & { code?: string }, bundle: Bundle | undefined): Error {
  const [reason] = cause.message.split('\n', 1);
  return new Error(message(reason!, cause.code, bundle), { cause });
}

function message(reason: string, code: string | undefined, bundle: Bundle | undefined): string {
  if (code === 'ERR_DLOPEN_DISABLED') {
    return `koffi is not allowed to load (${reason}): Node runs with --no-addons, or with --permission but without --allow-addons. Allow add-ons`;
  }
  if (bundle !== undefined) {
    const option = bundle.bundler === undefined ? EXTERNAL_OF_ANY : EXTERNAL[bundle.bundler];
    return `koffi is not in the bundle (${reason}): mark prom-multiproc external (${option}) and install it in node_modules where the bundle runs`;
  }
  // The second alternative matches the message of Yarn Plug'n'Play.
  if (code === 'MODULE_NOT_FOUND' && /\bkoffi['"]?$|\bkoffi, /.test(reason)) {
    return `koffi is not installed (${reason}): it is an optional dependency. Install without --omit=optional or --no-optional`;
  }
  const platform = `${process.platform}-${process.arch}`;
  return `koffi cannot be loaded (${reason}): its binary for ${platform} is missing or incompatible. Install on this platform, with optional dependencies; node_modules of another platform does not contain it`;
}
