import { describeRegistry } from '../client/client-copies.ts';
import { type AnyRegistry, type ClientMetric, internalsOf } from '../client/client-internals.ts';
import { escapeHelp } from '../merge/label-text.ts';
import { MetricWarnings } from '../metric/metric-warnings.ts';
import { COLLECT_LIMIT, collectTimeoutMs } from '../metric/process-limits.ts';
import { processState } from '../util/process-state.ts';
import { Warnings } from '../util/warnings.ts';
import { LastAnswers } from './last-answers.ts';
import { type TracedText, tracedText } from './plain-exemplars.ts';
import type { ProcessSlot } from './process-slot.ts';

interface Answers {
  readonly blocks: LastAnswers<ClientMetric, TracedText>;
  readonly whole: Readonly<Record<keyof TracedText, LastAnswers<AnyRegistry, string>>>;
}

/** The limit of a whole registry: a metric that hangs must not make it fail, too. */
const WHOLE_LIMIT = `twice ${COLLECT_LIMIT}`;

const known = processState('plain registries', () => new WeakMap<AnyRegistry, Answers>());
const warnings = new MetricWarnings(new Warnings());

/**
 * Returns the text of a registry that is not shared. A metric whose `collect()` hangs or fails shows its last lines. Failures
 * are counted in `slot`, if given. `kind` is `withExemplars` for a text that is converted to a format that has them.
 * @throws Error if the whole registry fails or takes twice the time limit, and there is no earlier text
 */
export async function plainText(
  register: AnyRegistry,
  slot: ProcessSlot | undefined,
  kind: keyof TracedText = 'text',
): Promise<string> {
  let answers = known.get(register);
  if (answers === undefined) {
    answers = answersOf(register, slot);
    known.set(register, answers);
  }
  const { blocks, whole } = answers;
  const inner = internalsOf(register);
  const getMetricsAsString = async (metric: ClientMetric) =>
    (await blocks.ask(metric, () => tracedText(inner, metric)))?.[kind] ??
    `# HELP ${metric.name} ${escapeHelp(metric.help)}`;
  // The client's own metrics(), which calls getMetricsAsString() for each metric.
  const view = Object.create(register, { getMetricsAsString: { value: getMetricsAsString } }) as AnyRegistry;
  let failure: unknown = new Error(
    `metrics() of ${describeRegistry(register)} took more than ${2 * limitMsOf(slot)()} ms, ${WHOLE_LIMIT}`,
  );
  const text = await whole[kind].ask(register, async () => {
    try {
      return await view.metrics();
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  if (text === undefined) throw failure;
  return text;
}

function limitMsOf(slot: ProcessSlot | undefined): () => number {
  return slot === undefined ? collectTimeoutMs : () => slot.limits.collectTimeoutMs;
}

function answersOf(register: AnyRegistry, slot: ProcessSlot | undefined): Answers {
  const limitMs = limitMsOf(slot);
  const failed = (name: string, what: string, error: Error) =>
    slot === undefined ? warnings.collectFailed(what, error) : slot.collectFailed(name, error, what);
  const whole = () =>
    new LastAnswers<AnyRegistry, string>(
      () => 2 * limitMs(),
      WHOLE_LIMIT,
      (_, error) => failed('a registry', `metrics() of ${describeRegistry(register)}`, error),
    );
  return {
    blocks: new LastAnswers(limitMs, COLLECT_LIMIT, ({ name }, error) =>
      failed(name, `collect() of ${name}`, error),
    ),
    whole: { text: whole(), withExemplars: whole() },
  };
}
