import type { RemediationAction } from './action.js';
import { place } from './wording.js';

const name = 'revert_infrastructure';

/** Puts machines, networks or quotas back to what they were before the change. */
export const revertInfrastructure: RemediationAction = {
  name,
  risk: 'high',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'infra') return undefined;
    return {
      action: name,
      description: `Revert the infrastructure change of ${place(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
