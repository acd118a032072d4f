import type { RemediationAction } from './action.js';
import { inEnvironment, stringParam } from './wording.js';

const name = 'rollback_deployment';

/** Deploys the previous version again. Reversed by the same action with the versions swapped. */
export const rollbackDeployment: RemediationAction = {
  name,
  risk: 'medium',
  propose: ({ type, service, environment, version, previousVersion: toVersion }) => {
    if (type !== 'deploy') return undefined;
    const from = version === null ? '' : ` from ${version}`;
    return {
      action: name,
      description: `Roll back ${inEnvironment(service, environment)}${from} to ${toVersion ?? 'the version before'}`,
      params: { service, environment, version, toVersion },
    };
  },
  reverse: (params) => {
    const service = stringParam(params, 'service');
    const environment = stringParam(params, 'environment');
    const toVersion = stringParam(params, 'version');
    if (service === null || toVersion === null) return undefined;
    return {
      action: name,
      description: `Deploy ${toVersion} of ${inEnvironment(service, environment)} again`,
      params: { service, environment, version: stringParam(params, 'toVersion'), toVersion },
    };
  },
};
