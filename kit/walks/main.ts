/**
 * `npm run walks [-- LIBRARY...]`: prints which files and folders of the library single calls execute. LIBRARY is the directory of a
 * version of the library (default: that of this checkout).
 */
import { LIBRARY, measureWalk, WALKS } from './walk.ts';

const given = process.argv.slice(2);
for (const library of given.length > 0 ? given : [LIBRARY]) {
  console.log(library);
  for (const name of WALKS) {
    const { files, calls, folders, enteredAgain, upward } = await measureWalk(name, library);
    console.log(`  ${name}: ${files.length} files, ${calls} calls between files`);
    console.log(`    folders: ${folders.join(' > ')}`);
    console.log(`    entered again: ${enteredAgain.join(', ') || 'none'}`);
    console.log(`    upward: ${upward.join(', ') || 'none'}`);
    console.log(`    files: ${files.toSorted().join(' ')}`);
  }
}
