import type { RemediationAction } from './action.js';
import { inEnvironment } from './wording.js';

const name = 'revert_schema_change';

/** Reverts a database schema change. What it drops is lost, so it cannot be reversed. */
export const revertSchemaChange: RemediationAction = {
  name,
  risk: 'high',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'schema') return undefined;
    return {
      action: name,
      description: `Revert the schema change of ${inEnvironment(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
