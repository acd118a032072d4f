export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

/** The change that an investigation has identified as the root cause. */
export interface Cause {
  readonly type: 'deploy' | 'config' | 'flag' | 'schema' | 'infra';
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly previousVersion: string | null;
  readonly summary: string;
}

export type Params = Readonly<Record<string, unknown>>;

/** One step of a plan, before it is assigned to a runner or a person. */
export interface StepDraft {
  readonly action: string;
  readonly description: string;
  readonly params: Params;
  /** A person must do it, even if a runner lists the action. */
  readonly manual?: true;
}

/** An action against an incident's cause. Each has a file of its own and a line in `registry.ts`. */
export interface RemediationAction {
  /** The name under which runners list it. */
  readonly name: string;
  readonly risk: Risk;
  /** The step against a cause; undefined when this action does not apply. */
  propose(cause: Cause): StepDraft | undefined;
  /** The step that reverses the action; undefined when it cannot be reversed. */
  reverse(params: Params): StepDraft | undefined;
}
