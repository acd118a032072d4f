import { invalid } from '#kernel/domain/errors';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { OneOf, Text } from '#kernel/http/fields';
import { validated } from '#kernel/http/validation';
import type { NewChange } from '#modules/investigation/api';
import { Condition } from '../domain/condition.js';
import type { Rule, TriggerAction } from '../domain/trigger.js';

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
  @Text({ max: 2000, optional: true, format: 'uri' }) url?: string;
}

const CONFIG_OF: Readonly<Partial<Record<TriggerAction, new () => object>>> = {
  create_incident: CreateIncidentConfig,
  record_change: RecordChangeConfig,
};

/** Checks rules that span several fields. @throws Refusal `validation_error` */
export async function checkRule({ condition, action, actionConfig }: Rule): Promise<void> {
  if (condition !== null) Condition.parse(condition);
  const type = CONFIG_OF[action];
  if (type) await validated(type, actionConfig, 'actionConfig');
  else if (Object.keys(actionConfig).length > 0) throw invalid('actionConfig', `must be empty for ${action}`);
}
