// CommonJS, because `require` loads koffi on demand in the same way in the sources and in the compiled package.
const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

/**
 * Loads koffi. In a bundle, loads it from the `node_modules` beside the bundle, or loads the binary that @vercel/nft (used by ncc
 * and Next.js) has copied.
 * Bundlers must not see a `require` of koffi here: they cannot include the add-on, and some fail.
 * @returns {typeof import('koffi')}
 * @throws {Error} of `require` or koffi: not installed, no binary for this platform, or add-ons are not allowed
 */
exports.loadKoffi = () => {
  try {
    return exports.isBundled() ? koffiBesideBundle() : requireFrom(__filename, 'koffi');
  } catch (error) {
    const binary = error.code === 'ERR_DLOPEN_DISABLED' ? undefined : koffiBinary();
    if (binary === undefined) throw error;
    return binary;
  }
};

function requireFrom(file, name) {
  return createRequire(file)(name);
}

/** Whether a bundler has moved this code to another file. */
exports.isBundled = () =>
  typeof __filename !== 'string' || !/[\\/]load-koffi\.cjs$/.test(__filename) || !existsSync(__filename);

/**
 * The bundler, if its code can be recognized.
 * @returns {'next' | 'ncc' | 'webpack' | undefined}
 */
exports.detectBundler = () => {
  if (process.env.NEXT_RUNTIME || process.env.__NEXT_PRIVATE_STANDALONE_CONFIG) return 'next';
  if (typeof __webpack_require__ === 'undefined') return undefined;
  return /^__ncc/.test(__webpack_require__.name) ? 'ncc' : 'webpack';
};

function resolveFrom(file, name) {
  return createRequire(file).resolve(name);
}

function koffiBesideBundle() {
  const bundle = typeof __filename === 'string' && existsSync(__filename) ? __filename : process.argv[1];
  let besideBundle = bundle;
  try {
    // With pnpm and Yarn, only this package can resolve koffi.
    besideBundle = resolveFrom(bundle, 'prom-multiproc');
  } catch {
    // prom-multiproc is not installed there; koffi may be.
  }
  return requireFrom(besideBundle, 'koffi');
}

/**
 * Loads the binary without koffi's JavaScript, which computes the file name at run time.
 * [@vercel/nft](https://github.com/vercel/nft), which ncc and Next.js use, copies only files whose path is a literal.
 */
function koffiBinary() {
  if (typeof __dirname !== 'string') return undefined;
  const libc = existsSync(`/lib/ld-musl-${MUSL_ARCH[process.arch]}.so.1`) ? 'musl' : 'glibc';
  switch (`${process.arch} ${libc}`) {
    case 'x64 glibc':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-x64/linux_x64/koffi.node'));
    case 'x64 musl':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-x64/musl_x64/koffi.node'));
    case 'arm64 glibc':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-arm64/linux_arm64/koffi.node'));
    case 'arm64 musl':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-arm64/musl_arm64/koffi.node'));
    case 'riscv64 glibc':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-riscv64/linux_riscv64d/koffi.node'));
    case 'loong64 glibc':
      return addOn(join(__dirname, '../../../@koromix/koffi-linux-loong64/linux_loong64/koffi.node'));
    default:
      return undefined;
  }
}

const MUSL_ARCH = { x64: 'x86_64', arm64: 'aarch64' };

function addOn(path) {
  if (!existsSync(path)) return undefined;
  const binary = { exports: {} };
  process.dlopen(binary, path);
  return binary.exports;
}
