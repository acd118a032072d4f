import { createContext, Script } from 'node:vm';
import { Environment, ParseError, TypeError, type ParseResult } from '@marcbachmann/cel-js';
import { invalid } from '#kernel/domain/errors';

export const MAX_CONDITION_LENGTH = 2000;

/** CPU time for one evaluation. Nested loops and regular expressions can be written to run forever. */
const LIMIT_MS = 50;
/** Wall time of the first attempt, doubled for each retry: a vm script has no other time limit. */
const FIRST_ATTEMPT_MS = 25;

/** Of this thread. Before Node.js 22.15 of the process, so that analyses in other threads count as well. */
const { threadCpuUsage: cpuUsage = process.cpuUsage.bind(process) } = process as {
  readonly threadCpuUsage?: typeof process.cpuUsage;
};

/** The variables of a condition. `incident` is null when the event is not about one. */
export interface Circumstances {
  readonly event: Readonly<Record<string, unknown>>;
  readonly incident: Readonly<Record<string, unknown>> | null;
}

const language = new Environment({ limits: { maxAstNodes: 500, maxDepth: 32, maxListElements: 200, maxMapEntries: 100 } })
  .registerVariable('event', 'dyn')
  .registerVariable('incident', 'dyn'); // prettier-ignore

// Only the time limit of a vm script can interrupt running code in Node, so the evaluation is called from a script.
const task: { run: () => unknown } = { run: () => undefined };
const context = createContext(task);
const script = new Script('run()');

/** A boolean CEL expression. Access to a missing field makes it false. */
export class Condition {
  private constructor(private readonly parsed: ParseResult) {}

  /** @throws Refusal `validation_error` in the parser's words */
  static parse(text: string): Condition {
    if (text.length > MAX_CONDITION_LENGTH)
      throw invalid('condition', `must be at most ${MAX_CONDITION_LENGTH} characters`);
    try {
      const parsed = language.parse(text);
      const { type, error } = parsed.check();
      if (error) throw error;
      if (type === 'bool' || type === 'dyn') return new Condition(parsed);
      throw invalid('condition', `must be a boolean expression; this is of type ${String(type)}`);
    } catch (error) {
      if (error instanceof ParseError || error instanceof TypeError)
        throw invalid('condition', faultOf(error));
      throw error;
    }
  }

  /** @throws ConditionTooSlow */
  holds(circumstances: Circumstances): boolean {
    const begun = cpuUsage();
    // On a busy machine wall time includes waiting for a core: only CPU time shows that a condition is slow.
    for (let timeout = FIRST_ATTEMPT_MS; ; timeout *= 2) {
      const answer = this.answer(circumstances, timeout);
      if (answer !== undefined) return answer;
      const { user, system } = cpuUsage(begun);
      if (user + system >= LIMIT_MS * 1000)
        throw new ConditionTooSlow('A condition was stopped before it came to an answer.');
    }
  }

  private answer({ event, incident }: Circumstances, timeout: number): boolean | undefined {
    task.run = () => this.parsed({ event, incident }) as unknown;
    try {
      return script.runInContext(context, { timeout }) === true;
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? undefined : false;
    }
  }
}

export class ConditionTooSlow extends Error {
  override readonly name = 'ConditionTooSlow';
}

function faultOf({ summary, range }: ParseError | TypeError): string {
  return range ? `${summary} (at character ${range.start + 1})` : summary;
}
