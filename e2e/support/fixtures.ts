import {
  test as base,
  expect,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from '@playwright/test';
import type { Stack, StackOptions } from './stack.ts';

/** `E2E_SHARING=off` runs the app without its shared directory. The measurements must then fail. */
export const sharing: boolean = process.env.E2E_SHARING !== 'off';

/** What a stack is made of: containers, processes of this machine, or a systemd unit. */
export type Maker = 'compose' | 'host' | 'unit';

type StartStack = (options: StackOptions) => Promise<Stack>;

/** Imported when used: a machine without Docker needs no Testcontainers. */
const START: Record<Maker, StartStack> = {
  compose: async (options) => (await import('./compose-stack.ts')).ComposeStack.start(options),
  host: async (options) => (await import('./host-stack.ts')).HostStack.start(options),
  unit: async (options) => (await import('./unit-stack.ts')).UnitStack.start(options),
};

const START_TIMEOUT_MS = 15 * 60_000;

export interface StackFixtures<S extends Stack = Stack> {
  /** Set by the project of the Playwright configuration. */
  maker: Maker;
  /** Starts another stack, which the test must stop. */
  startStack: StartStack;
  /** One stack for all specs of a Playwright worker. A spec that disturbs it must call `settle()` at its end. */
  stack: S;
}

/** `test` of specs that run on a stack of any maker. */
export const test = base.extend<object, StackFixtures>({
  maker: ['compose', { option: true, scope: 'worker' }],
  startStack: [({ maker }, use) => use(START[maker]), { scope: 'worker' }],
  stack: [
    async ({ startStack }, use) => {
      const stack = await startStack({ sharing });
      try {
        await use(stack);
      } finally {
        await stack.down();
      }
    },
    { scope: 'worker', timeout: START_TIMEOUT_MS },
  ],
});

/** Returns `test` for specs that need the stack of one maker. It is the same object, because another one would start another stack. */
export function testOf<S extends Stack>() {
  return test as unknown as TestType<
    PlaywrightTestArgs & PlaywrightTestOptions,
    PlaywrightWorkerArgs & PlaywrightWorkerOptions & StackFixtures<S>
  >;
}

/** Runs a test on a stack of its own, and stops it. */
export async function withStack<S extends Stack>(
  starting: Promise<S>,
  run: (stack: S) => Promise<void>,
): Promise<void> {
  const stack = await starting;
  try {
    await run(stack);
  } finally {
    await stack.down();
  }
}

export { expect };
