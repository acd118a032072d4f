import type { RemediationAction } from './action.js';
import { disableFlag } from './disable-flag.js';
import { revertConfig } from './revert-config.js';
import { revertInfrastructure } from './revert-infrastructure.js';
import { revertSchemaChange } from './revert-schema-change.js';
import { rollbackDeployment } from './rollback-deployment.js';

/** All actions that can be proposed. The first one that applies to a cause is, so one for fewer causes comes before one for more. */
export const REMEDIATION_ACTIONS: readonly RemediationAction[] = [
  rollbackDeployment,
  disableFlag,
  revertConfig,
  revertSchemaChange,
  revertInfrastructure,
];

export function findAction(name: string): RemediationAction | undefined {
  return REMEDIATION_ACTIONS.find((action) => action.name === name);
}
