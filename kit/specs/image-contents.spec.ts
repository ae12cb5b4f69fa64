import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack, Service } from '../../e2e/support/compose-stack.ts';
import {
  hasSetId,
  type Image,
  type ImageFile,
  isCommand,
  mayBeRun,
  mayBeWrittenByAll,
  readImage,
} from '../test-kit/image-files.ts';
import { inspect } from './support/container-facts.ts';

/** Tools that scripts/lib/trim-image keeps in every image with a shell: scripts, pages and tests call them. */
const TOOLS = new Set(
  `[ cat chmod cp cut date dd df dirname du env false find getent grep head id ln ls mkdir mkfifo mv od printf readlink rm sed
  sh sleep sort stat tail test touch tr true uname wc xargs dash busybox`.split(/\s+/),
);
/** Further programs of each image, its user, and the directory that this user owns. */
const OWN: Record<Service, { programs: readonly string[]; shell: boolean; user: number; writable?: string }> =
  {
    app: {
      programs: ['node', 'python3', 'python3.13', 'supervisorctl'],
      shell: true,
      user: 1000,
      writable: 'run/app',
    },
    nginx: { programs: ['nginx', 'curl', 'awk', 'mawk'], shell: true, user: 101 },
    prometheus: {
      programs: ['prometheus', 'run-prometheus', 'wget'],
      shell: true,
      user: 65534,
      writable: 'prometheus',
    },
    'nginx-exporter': { programs: ['nginx-prometheus-exporter'], shell: false, user: 1001 },
  };
const SERVICES = Object.keys(OWN) as Service[];

const FORBIDDEN: readonly [what: string, path: RegExp][] = [
  [
    'a package manager',
    /(^|\/)(npm|npx|yarn[^/]*|corepack|pnpm|pip3?|ensurepip|apt(-get)?|dpkg(-[a-z]+)?|apk)$/,
  ],
  [
    'a compiler',
    /(^|\/)(cc|gcc|g\+\+|clang|cpp|as|ld|make|tcc|go|rustc|perl[\d.]*)$|\.(c|cc|cpp|h|hh|hpp|a|gch)$/,
  ],
  [
    'a program that changes the user',
    /(^|\/)(su|sudo|doas|login|passwd|chsh|newgrp|mount|umount|nsenter|setpriv)$/,
  ],
  ['a package cache', /\.(deb|apk|tgz|rpm)$|^var\/cache\/.*\/.*\.bin$|^var\/lib\/apt\/lists\/./],
  ['documentation', /^usr\/(local\/)?share\/(man|info|locale)\/.|^usr\/share\/doc\/.*\/(?!copyright$)[^/]+$/],
  ['a build-time file', /node_modules\/.*(\.d\.[cm]?ts|\.map|\.md)$|^usr\/(local\/)?include\/./],
  ['TypeScript, or a binary for another C library', /^srv\/.*(\.[cm]?ts|\/musl_[^/]*\/.*)$/],
  ['tests of a dependency', /node_modules\/(@[^/]+\/)?[^/]+\/test\/|\.test\.ts$|python3[^/]*\/test\//],
  ['a secret', /\.(pem|key)$|(^|\/)(id_[a-z0-9]*sa|\.env|\.git|\.netrc|\.npmrc|\.docker)$/],
];
/** Exceptions: the list of users, and CA certificates. */
const ALLOWED = /^etc\/passwd$|^etc\/ssl\/certs\/|^usr\/lib\/ssl\/cert\.pem$|^usr\/share\/ca-certificates\//;

const images = new Map<Service, Promise<Image>>();

function imageOf(stack: ComposeStack, service: Service): Promise<Image> {
  const read = images.get(service) ?? inspect(stack, service).then(({ Config }) => readImage(Config.Image));
  images.set(service, read);
  return read;
}

const paths = (files: readonly ImageFile[]) => files.map(({ path }) => path);

for (const service of SERVICES) {
  const { programs, shell, user, writable } = OWN[service];

  test(`${service}: its image has only the commands that it needs`, async ({ stack }) => {
    const { files } = await imageOf(stack, service);
    const names = files.filter(isCommand).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
    const allowed = new Set([...programs, ...(shell ? TOOLS : [])]);
    expect(names.filter((name) => !allowed.has(name))).toEqual([]);
    expect(names).toContain(programs[0]);
    // Other executable files are shared libraries and the template's own scripts.
    const elsewhere = files.filter(
      (file) => mayBeRun(file) && !isCommand(file) && !/\.so(\.\d+)*$|\.node$/.test(file.path),
    );
    const own =
      /^srv\/pandoras-express\/((scripts|supervisor|packages|node_modules)\/|run-nginx$)|^sbin\/docker-init$/;
    expect(paths(elsewhere).filter((path) => !own.test(path))).toEqual([]);
  });

  test(`${service}: its image has no set-user-id program, file capability or world-writable file`, async ({
    stack,
  }) => {
    const { files } = await imageOf(stack, service);
    expect(paths(files.filter(hasSetId))).toEqual([]);
    expect(paths(files.filter(({ attributes }) => attributes.includes('security.capability')))).toEqual([]);
    expect(paths(files.filter(mayBeWrittenByAll))).toEqual([]);
    expect(paths(files.filter(({ type }) => type === 'other'))).toEqual([]);
    const home = `home/${service === 'app' ? 'node' : 'nobody'}`;
    const places = [writable, home].filter((place) => place !== undefined);
    const owned = files.filter(({ uid, type }) => uid === user && type !== 'symlink');
    expect(paths(owned).filter((path) => !places.includes(path))).toEqual([]);
  });

  test(`${service}: its image contains no package manager, compiler, documentation, test or secret`, async ({
    stack,
  }) => {
    const { files, packages } = await imageOf(stack, service);
    const found = FORBIDDEN.flatMap(([what, pattern]) =>
      paths(files.filter(({ type }) => type !== 'directory'))
        .filter((path) => pattern.test(path) && !ALLOWED.test(path))
        .map((path) => `${what}: ${path}`),
    );
    expect(found).toEqual([]);
    const tools = /^(apt|dpkg|perl.*|gcc.*|make|bash|login|passwd|mount|util-linux|npm|pip|tar|e2fsprogs)$/;
    expect(packages.filter((name) => tools.test(name))).toEqual([]);
  });
}

test('vulnerability scanners can list the packages of an image', async ({ stack }) => {
  for (const [service, name] of [
    ['app', 'supervisor'],
    ['nginx', 'nginx'],
  ] as const) {
    const { packages } = await imageOf(stack, service);
    for (const expected of [name, 'libc6', 'tzdata']) expect(packages, service).toContain(expected);
  }
});
