/** What calls the C library: the native add-on koffi, or [node:ffi](https://nodejs.org/api/ffi.html) of Node 26.9 and later. */
export type BackEnd = 'koffi' | 'node';

type Parameter = 'int' | 'pointer';
type IntFunction = (...values: (number | Buffer | null)[]) => number;

/**
 * Binds functions of the C library that return an int, each named with the types of its parameters.
 * @throws Error if this Node does not have or does not allow the back end
 */
export async function bindFunctions<Name extends string>(
  backEnd: BackEnd,
  functions: Readonly<Record<Name, readonly Parameter[]>>,
): Promise<Record<Name, IntFunction>> {
  const bind = backEnd === 'node' ? bindThroughNode() : await bindThroughKoffi();
  const bound = Object.entries<readonly Parameter[]>(functions).map(([name, types]) => [
    name,
    bind(name, types),
  ]);
  return Object.fromEntries(bound) as Record<Name, IntFunction>;
}

type Bind = (name: string, types: readonly Parameter[]) => IntFunction;

async function bindThroughKoffi(): Promise<Bind> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  return (name, types) =>
    library.func(
      name,
      'int',
      types.map((type) => (type === 'int' ? 'int' : 'void *')),
    );
}

function bindThroughNode(): Bind {
  const ffi = process.getBuiltinModule('node:ffi');
  if (ffi === undefined) throw new Error(`Node ${process.version} does not offer node:ffi here`);
  const { lib } = ffi.dlopen(null);
  return (name, types) =>
    lib.getFunction(name, {
      return: 'int32',
      arguments: types.map((type) => (type === 'int' ? 'int32' : 'pointer')),
    });
}
