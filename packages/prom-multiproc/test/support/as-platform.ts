/** A preload that sets `process.platform` and `process.arch` to those of `AS_PLATFORM`, such as `darwin arm64`. */
const [platform, arch] = process.env.AS_PLATFORM!.split(' ');
Object.defineProperties(process, { platform: { value: platform }, arch: { value: arch } });
