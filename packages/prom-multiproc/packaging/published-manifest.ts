/**
 * Returns the published package.json: the repository's with the fields of `publishConfig`. It keeps the scripts, because npm
 * needs `prepack` after an interrupted pack.
 */
export function publishedManifest(text: string): Record<string, unknown> {
  const { publishConfig, devDependencies: _, ...kept } = JSON.parse(text);
  return { ...kept, ...publishConfig };
}
