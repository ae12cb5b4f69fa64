/**
 * How far one call walks through the library: `npm run walks [-- LIBRARY...]`, each LIBRARY being the directory of one, as of
 * another checkout. Default: that of this checkout.
 */
import { LIBRARY, measureWalk, WALKS } from './walk.ts';

const given = process.argv.slice(2);
for (const library of given.length > 0 ? given : [LIBRARY]) {
  console.log(library);
  for (const name of WALKS) {
    const { files, calls, folders, enteredAgain, upward } = await measureWalk(name, library);
    console.log(`  ${name}: ${files.length} files, ${calls} calls from one to another`);
    console.log(`    folders: ${folders.join(' > ')}`);
    console.log(`    entered again: ${enteredAgain.join(', ') || 'none'}`);
    console.log(`    upward: ${upward.join(', ') || 'none'}`);
    console.log(`    files: ${files.toSorted().join(' ')}`);
  }
}
