import type { RemediationAction } from './action.js';
import { inEnvironment } from './wording.js';

const name = 'revert_infrastructure';

/** Restores machines, networks or quotas from before the change. */
export const revertInfrastructure: RemediationAction = {
  name,
  risk: 'high',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'infra') return undefined;
    return {
      action: name,
      description: `Revert the infrastructure change of ${inEnvironment(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
