import type { TenantId } from '#kernel/domain/ids';
import type { StepRunners } from '#modules/integrations/api';
import type { StepDraft } from '../domain/actions/action.js';
import type { Executable } from '../domain/step.js';

/** Looks up which actions of these steps a connected runner can execute. */
export async function executableActions(
  runners: StepRunners,
  tenantId: TenantId,
  drafts: readonly StepDraft[],
): Promise<Executable> {
  const executable = new Set<string>();
  for (const action of new Set(drafts.map((draft) => draft.action))) {
    if (await runners.runnerOf(tenantId, action)) executable.add(action);
  }
  return (action) => executable.has(action);
}
