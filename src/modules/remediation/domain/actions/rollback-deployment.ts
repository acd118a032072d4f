import type { RemediationAction } from './action.js';
import { place, textOf } from './wording.js';

const name = 'rollback_deployment';

/** Puts the version before the deploy back. Taken back by the same action with the versions exchanged. */
export const rollbackDeployment: RemediationAction = {
  name,
  risk: 'medium',
  propose: ({ type, service, environment, version, previousVersion: toVersion }) => {
    if (type !== 'deploy') return undefined;
    const from = version === null ? '' : ` from ${version}`;
    return {
      action: name,
      description: `Roll back ${place(service, environment)}${from} to ${toVersion ?? 'the version before'}`,
      params: { service, environment, version, toVersion },
    };
  },
  reverse: (params) => {
    const service = textOf(params, 'service');
    const environment = textOf(params, 'environment');
    const toVersion = textOf(params, 'version');
    if (service === null || toVersion === null) return undefined;
    return {
      action: name,
      description: `Deploy ${toVersion} of ${place(service, environment)} again`,
      params: { service, environment, version: textOf(params, 'toVersion'), toVersion },
    };
  },
};
