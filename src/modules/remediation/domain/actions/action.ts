export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** The change that an investigation holds responsible. */
export interface Cause {
  readonly type: 'deploy' | 'config' | 'flag' | 'schema' | 'infra';
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly previousVersion: string | null;
  readonly summary: string;
}

export type Params = Readonly<Record<string, unknown>>;

/** One step of a plan, before anybody knows who will do it. */
export interface StepDraft {
  readonly action: string;
  readonly description: string;
  readonly params: Params;
  /** A person must do it, whoever else could. */
  readonly manual?: true;
}

/** Something that can be done about an incident. Each has a file of its own and a line in `registry.ts`. */
export interface RemediationAction {
  /** The name under which runners list it. */
  readonly name: string;
  readonly risk: Risk;
  /** What to do against a change; undefined when this action is no answer to it. */
  propose(cause: Cause): StepDraft | undefined;
  /** What takes the action back, or undefined where there is no way back. */
  reverse(params: Params): StepDraft | undefined;
}
