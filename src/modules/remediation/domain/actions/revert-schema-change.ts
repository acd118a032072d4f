import type { RemediationAction } from './action.js';
import { place } from './wording.js';

const name = 'revert_schema_change';

/** Takes a change of a database schema back. What it drops is gone, so there is no way back from it. */
export const revertSchemaChange: RemediationAction = {
  name,
  risk: 'high',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'schema') return undefined;
    return {
      action: name,
      description: `Revert the schema change of ${place(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
