import type { RemediationAction } from './action.js';
import { place, textOf } from './wording.js';

const name = 'disable_flag';

/** Turns a feature flag off. Taken back by `enable_flag`. */
export const disableFlag: RemediationAction = {
  name,
  risk: 'low',
  propose: ({ type, service, environment, summary }) => {
    if (type !== 'flag') return undefined;
    return {
      action: name,
      description: `Turn off the flag of ${place(service, environment)}: ${summary}`,
      params: { service, environment, change: summary },
    };
  },
  reverse: (params) => {
    const service = textOf(params, 'service');
    if (service === null) return undefined;
    const flag = textOf(params, 'change') ?? textOf(params, 'flag') ?? 'as before';
    return {
      action: 'enable_flag',
      description: `Turn the flag of ${place(service, textOf(params, 'environment'))} on again: ${flag}`,
      params,
    };
  },
};
