/**
 * `npm run walks [-- LIBRARY...]`: prints the files and folders of prom-multiproc that each call of WALKS (walk.ts) executes. LIBRARY
 * is the directory of the package prom-multiproc, by default that of this checkout. Several directories compare versions.
 */
import { LIBRARY, measureWalk, WALKS } from './walk.ts';

const given = process.argv.slice(2);
for (const library of given.length > 0 ? given : [LIBRARY]) {
  console.log(library);
  for (const name of WALKS) {
    const { files, calls, folders, enteredAgain, upward } = await measureWalk(name, library);
    console.log(`  ${name}: ${files.length} files, ${calls} calls between files`);
    console.log(`    folders: ${folders.join(' > ')}`);
    console.log(`    folders entered again: ${enteredAgain.join(', ') || 'none'}`);
    console.log(`    calls through an interface (against the import order): ${upward.join(', ') || 'none'}`);
    console.log(`    files: ${files.toSorted().join(' ')}`);
  }
}
