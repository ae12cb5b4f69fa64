// CommonJS, for `require` is the one way to load it on demand that is the same in the sources and in the compiled package.

/**
 * @returns {typeof import('koffi')}
 * @throws {Error} where it is not installed or has no binary for this platform
 */
exports.loadKoffi = () => require('koffi');
