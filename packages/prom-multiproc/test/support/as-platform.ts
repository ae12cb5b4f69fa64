/** Preloaded, it has the process believe that it runs on `AS_PLATFORM`, such as `darwin arm64`. */
const [platform, arch] = process.env.AS_PLATFORM!.split(' ');
Object.defineProperties(process, { platform: { value: platform }, arch: { value: arch } });
