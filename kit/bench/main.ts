/** `npm run bench -- [stack] [OPTION...]`: see kit/bench/library/main.ts and, for `stack`, kit/bench/stack/cost/main.ts. */
if (process.argv[2] === 'stack') {
  process.argv.splice(2, 1);
  await import('./stack/cost/main.ts');
} else {
  await import('./library/main.ts');
}
