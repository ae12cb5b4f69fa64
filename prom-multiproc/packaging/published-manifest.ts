/** What the published package.json says, given the repository's: the fields of `publishConfig` in place of its own. */
export function publishedManifest(text: string): Record<string, unknown> {
  const { publishConfig, scripts: _, devDependencies: __, ...kept } = JSON.parse(text);
  return { ...kept, ...publishConfig };
}
