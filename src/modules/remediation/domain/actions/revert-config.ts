import type { RemediationAction } from './action.js';
import { place } from './wording.js';

const name = 'revert_config';

/** Puts the configuration before the change back. Its values are the runner's to know, so nothing here takes it back. */
export const revertConfig: RemediationAction = {
  name,
  risk: 'medium',
  propose: ({ type, service, environment, version, previousVersion: toVersion, summary }) => {
    if (type !== 'config') return undefined;
    return {
      action: name,
      description: `Revert the configuration of ${place(service, environment)}: ${summary}`,
      params: { service, environment, version, toVersion, change: summary },
    };
  },
  reverse: () => undefined,
};
