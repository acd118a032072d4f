import type { RemediationAction } from './action.js';
import { inEnvironment } from './wording.js';

const name = 'revert_config';

/** Restores the configuration from before the change. Only the runner knows its values, so it cannot be reversed here. */
export const revertConfig: RemediationAction = {
  name,
  risk: 'medium',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'config') return undefined;
    return {
      action: name,
      description: `Revert the configuration of ${inEnvironment(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
