/**
 * Shares registries once `PROMETHEUS_MULTIPROC_DIR` is set, if that happens after `share()`: dotenv and PM2's cluster mode
 * (`env` of the ecosystem file) set it in the running process. The variable is checked when the application registers a
 * metric or reads its metrics, and by timers in the first minute.
 */
import { type AnyRegistry, internalsOf } from './client-internals.ts';

/** Milliseconds from the first wait to each check by timer. */
const CHECKS_MS = [100, 1_000, 5_000, 15_000, 60_000];

const WRAPPED_METHODS = ['registerMetric', 'metrics', 'getMetricsAsJSON', 'getMetricsAsString'] as const;
type WrappedMethod = (typeof WRAPPED_METHODS)[number];
type Method = (...args: unknown[]) => unknown;

const tasks = new WeakMap<object, () => void>();
/** Weak references: an application may create any number of registries. */
const waiting = new Set<WeakRef<object>>();
let timersStarted = false;

/** Calls `task` once the variable is set. Only the first task of a `key` counts. `key` may be garbage-collected. */
export function waitForVariable(key: object, task: () => void): void {
  if (tasks.has(key)) return;
  tasks.set(key, task);
  waiting.add(new WeakRef(key));
  setImmediate(lookForVariable).unref();
  if (timersStarted) return;
  timersStarted = true;
  for (const ms of CHECKS_MS) setTimeout(lookForVariable, ms).unref();
}

/** Calls `share` once the variable is set. Each use of the registry checks the variable. */
export function shareOnceVariableIsSet(register: AnyRegistry, share: () => void): void {
  if (tasks.has(register)) return;
  const restore = WRAPPED_METHODS.map((method) => checkAtCallsOf(register, method));
  waitForVariable(register, () => {
    for (const one of restore) one();
    share();
  });
}

/** Runs the waiting tasks if the variable is set. */
export function lookForVariable(): void {
  if (!process.env.PROMETHEUS_MULTIPROC_DIR) {
    for (const reference of waiting) if (reference.deref() === undefined) waiting.delete(reference);
    return;
  }
  for (const reference of waiting) {
    waiting.delete(reference);
    const key = reference.deref();
    const task = key === undefined ? undefined : tasks.get(key);
    if (task === undefined) continue;
    tasks.delete(key!);
    task();
  }
}

/** Checks the variable at each call of a method. @returns a function that restores the method */
function checkAtCallsOf(register: AnyRegistry, name: WrappedMethod): () => void {
  const methods = internalsOf(register) as unknown as Record<WrappedMethod, Method>;
  const isOwn = Object.hasOwn(methods, name);
  const original = methods[name];
  let restored = false;
  function checkFirst(this: unknown, ...args: unknown[]): unknown {
    if (restored) return original.apply(this, args);
    lookForVariable();
    const now = methods[name];
    return now === checkFirst ? original.apply(this, args) : now.apply(methods, args);
  }
  Object.defineProperty(methods, name, { value: checkFirst, writable: true, configurable: true });
  return () => {
    restored = true;
    // If other code has wrapped the method meanwhile, its wrapper continues to the original through `restored`.
    if (methods[name] !== checkFirst) return;
    if (isOwn) methods[name] = original;
    else Reflect.deleteProperty(methods, name);
  };
}
