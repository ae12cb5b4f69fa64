/** `npm run bench -- [PART] [OPTION...]`: without PART it runs kit/bench/library/main.ts. Each part documents its options. */
const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'back-ends': () => import('./back-ends/main.ts'),
  stack: () => import('./stack/cost/main.ts'),
  host: () => import('./stack/host/main.ts'),
  prometheus: () => import('./prometheus/main.ts'),
};

const [, , name] = process.argv;
const part = name === undefined ? undefined : PARTS[name];
if (part === undefined) {
  await import('./library/main.ts');
} else {
  process.argv.splice(2, 1);
  await part();
}
