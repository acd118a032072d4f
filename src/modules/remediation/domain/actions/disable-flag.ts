import type { RemediationAction } from './action.js';
import { inEnvironment, stringParam } from './wording.js';

const name = 'disable_flag';

/** Turns a feature flag off. Reversed by `enable_flag`. */
export const disableFlag: RemediationAction = {
  name,
  risk: 'low',
  propose: ({ type, service, environment, summary }) => {
    if (type !== 'flag') return undefined;
    return {
      action: name,
      description: `Turn off the flag of ${inEnvironment(service, environment)}: ${summary}`,
      params: { service, environment, change: summary },
    };
  },
  reverse: (params) => {
    const service = stringParam(params, 'service');
    if (service === null) return undefined;
    const flag = stringParam(params, 'change') ?? stringParam(params, 'flag') ?? 'as before';
    return {
      action: 'enable_flag',
      description: `Turn the flag of ${inEnvironment(service, stringParam(params, 'environment'))} on again: ${flag}`,
      params,
    };
  },
};
