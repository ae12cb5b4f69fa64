/**
 * `PROMETHEUS_MULTIPROC_DIR` may be set after `share()` was called: dotenv sets it in the process, and so does PM2's cluster
 * mode with what the ecosystem file has under `env`. What is to be shared waits for it here. It is looked for whenever the
 * application registers a metric or asks for its metrics, and some times by a timer; nothing looks for ever.
 */
import { type AnyRegistry, internalsOf } from './client-internals.ts';

/** Milliseconds from the first wait to each look that nothing else causes. */
const LOOKS_MS = [100, 1_000, 5_000, 15_000, 60_000];

const LOOKING = ['registerMetric', 'metrics', 'getMetricsAsJSON', 'getMetricsAsString'] as const;
type Looking = (typeof LOOKING)[number];
type Method = (...args: unknown[]) => unknown;

const tasks = new WeakMap<object, () => void>();
/** An application may make registries without end: those that wait are not kept for it. */
const waiting = new Set<WeakRef<object>>();
let looksByTimer = false;

/** Calls `task` once the variable is set; `key` has one task, its first. Does not keep `key` in memory. */
export function waitForVariable(key: object, task: () => void): void {
  if (tasks.has(key)) return;
  tasks.set(key, task);
  waiting.add(new WeakRef(key));
  setImmediate(lookForVariable).unref();
  if (looksByTimer) return;
  looksByTimer = true;
  for (const ms of LOOKS_MS) setTimeout(lookForVariable, ms).unref();
}

/** The same for a registry, which looks for the variable itself whenever it is used. */
export function shareOnceVariableIsSet(register: AnyRegistry, share: () => void): void {
  if (tasks.has(register)) return;
  const restore = LOOKING.map((method) => lookAtCallsOf(register, method));
  waitForVariable(register, () => {
    for (const one of restore) one();
    share();
  });
}

/** Runs what waits for the variable, where it is set. */
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

/** What takes that back. */
function lookAtCallsOf(register: AnyRegistry, name: Looking): () => void {
  const methods = internalsOf(register) as unknown as Record<Looking, Method>;
  const isOwn = Object.hasOwn(methods, name);
  const original = methods[name];
  let restored = false;
  function lookFirst(this: unknown, ...args: unknown[]): unknown {
    if (restored) return original.apply(this, args);
    lookForVariable();
    const now = methods[name];
    return now === lookFirst ? original.apply(this, args) : now.apply(methods, args);
  }
  Object.defineProperty(methods, name, { value: lookFirst, writable: true, configurable: true });
  return () => {
    restored = true;
    // Others may have wrapped it meanwhile: what they keep goes on to the original.
    if (methods[name] !== lookFirst) return;
    if (isOwn) methods[name] = original;
    else Reflect.deleteProperty(methods, name);
  };
}
