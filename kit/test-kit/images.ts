/**
 * Prints a table of the contents of the built images: `node kit/test-kit/images.ts [TAG]` (default: `latest`).
 */
import { hasSetId, isCommand, mayBeWrittenByAll, readImage } from './image-files.ts';

const tag = process.argv[2] ?? 'latest';
console.log('| Image | Size | Files | Commands | Packages | Set-user-id, set-group-id | Writable by all |');
console.log('|---|---|---|---|---|---|---|');
for (const name of ['app', 'nginx', 'prometheus', 'nginx-exporter']) {
  const { bytes, files, packages } = await readImage(`pandoras-express-${name}:${tag}`);
  const figures = [
    `${(bytes / 1e6).toFixed(0)} MB`,
    files.filter(({ type }) => type === 'file').length,
    files.filter(isCommand).length,
    packages.length,
    files.filter(hasSetId).length,
    files.filter(mayBeWrittenByAll).length,
  ];
  console.log(`| ${[name, ...figures].join(' | ')} |`);
}
