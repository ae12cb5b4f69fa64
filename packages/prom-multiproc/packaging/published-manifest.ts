/**
 * What the published package.json says, given the repository's: the fields of `publishConfig` in place of its own. It keeps
 * the scripts: npm must find `prepack` there after a pack that was ended halfway.
 */
export function publishedManifest(text: string): Record<string, unknown> {
  const { publishConfig, devDependencies: _, ...kept } = JSON.parse(text);
  return { ...kept, ...publishConfig };
}
