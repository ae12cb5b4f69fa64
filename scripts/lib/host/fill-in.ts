/** Returns `text` with the value of each `${NAME}`. @throws Error if there is no such variable; `file` is for its message */
export function fillIn(file: string, text: string, variables: NodeJS.Dict<string>): string {
  return text.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${file} uses \${${name}}, which has no value`);
    return value;
  });
}
