import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { IdOf, OneOf, Text } from '#kernel/http/fields';
import { Link } from '#kernel/http/link';
import { validated } from '#kernel/http/validation';
import type { NewChange } from '#modules/investigation/api';
import { Condition } from '../../domain/condition.js';
import type { Integrations } from '../../domain/integrations.js';
import type { Rule, TriggerAction } from '../../domain/trigger.js';
import { providerNamed } from '../../providers/registry.js';

const CHANGE_TYPES: readonly NewChange['type'][] = ['deploy', 'config', 'flag', 'schema', 'infra'];

export class CreateIncidentConfig {
  @Text({ max: 500 }) title!: string;
  @Text({ max: 20_000 }) description!: string;
  @OneOf(SEVERITIES, { optional: true, default: 'medium' }) severity?: Severity;
  @Text({ max: 200, optional: true }) service?: string;
  @Text({ max: 200, optional: true }) environment?: string;
}

export class RecordChangeConfig {
  @OneOf(CHANGE_TYPES) type!: NewChange['type'];
  @Text({ max: 200, optional: true, summary: 'The service of the incident when left out' }) service?: string;
  @Text({ max: 200, optional: true, summary: 'The environment of the incident when left out' })
  environment?: string;
  @Text({ max: 200, optional: true }) version?: string;
  @Text({ max: 1000, optional: true, summary: 'Names trigger and event when left out' }) summary?: string;
  @Link({ optional: true }) url?: string;
}

export class NotifyConfig {
  @IdOf('int') integrationId!: string;
  @Text({ max: 1000, optional: true }) text?: string;
}

const CONFIG_OF: Readonly<Partial<Record<TriggerAction, new () => object>>> = {
  create_incident: CreateIncidentConfig,
  record_change: RecordChangeConfig,
};

/** Checks rules that span several fields. @throws Refusal `validation_error` */
export async function checkRule({ condition, action, actionConfig }: Rule): Promise<void> {
  if (condition !== null) Condition.parse(condition);
  const type = action === 'notify' && 'integrationId' in actionConfig ? NotifyConfig : CONFIG_OF[action];
  if (type) await validated(type, actionConfig, 'actionConfig');
  else if (Object.keys(actionConfig).length > 0) {
    const unless = action === 'notify' ? ' without an integrationId' : '';
    throw invalid('actionConfig', `must be empty for ${action}${unless}`);
  }
}

/** Checks where a checked rule sends its messages, if it sends any. @throws Refusal `validation_error` */
export async function checkRecipient(
  integrations: Integrations,
  tenantId: TenantId,
  { action, actionConfig }: Rule,
): Promise<void> {
  const { integrationId } = actionConfig as Partial<NotifyConfig>;
  if (action !== 'notify' || integrationId === undefined) return;
  const integration = await integrations.find(tenantId, integrationId);
  if (integration && providerNamed(integration.provider).messages) return;
  throw invalid('actionConfig.integrationId', 'must be an integration with the capability messages');
}
