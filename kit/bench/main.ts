/**
 * `npm run bench -- [stack | host] [OPTION...]`: see kit/bench/library/main.ts; for `stack`, kit/bench/stack/cost/main.ts; for `host`,
 * kit/bench/stack/host/main.ts.
 */
const [, , what] = process.argv;
if (what === 'stack' || what === 'host') process.argv.splice(2, 1);
if (what === 'stack') {
  await import('./stack/cost/main.ts');
} else if (what === 'host') {
  await import('./stack/host/main.ts');
} else {
  await import('./library/main.ts');
}
