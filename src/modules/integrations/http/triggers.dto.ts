import { AnyObject, Flag, IdOf, ListOf, Moment, ObjectOf, OneOf, Text, Whole } from '#kernel/http/fields';
import { TRIGGER_EVENT_TYPES } from '../application/triggers/trigger-events.js';
import { MAX_CONDITION_LENGTH } from '../domain/condition.js';
import { TRIGGER_ACTIONS, type TriggerAction } from '../domain/trigger.js';

const CONDITION = {
  max: MAX_CONDITION_LENGTH,
  nullable: true,
  summary:
    'CEL over `event` (the envelope) and `incident` (as in the API, or null); a missing field is false',
  example: 'event.data.severity in ["critical", "high"] && incident.service == "checkout"',
};
const ACTION_CONFIG =
  'create_incident: {title, description, severity?, service?, environment?}; record_change: {type, service?, environment?, version?, summary?, url?}; notify: {integrationId, text?} to send a message; else empty';

export class TriggerOn {
  @Text({ max: 64, optional: true, summary: 'Only events that came from this tool', example: 'custom' })
  provider?: string;
  @OneOf(TRIGGER_EVENT_TYPES, {
    optional: true,
    summary: 'Any event, if omitted',
    example: 'incident.created',
  })
  event?: string;
}

export class CreateTriggerBody {
  @Text({ max: 200, example: 'Investigate checkout at once' }) name!: string;
  @ObjectOf(() => TriggerOn, { example: { event: 'incident.created' } }) on!: TriggerOn;
  @Text({ ...CONDITION, optional: true }) condition?: string | null;
  @OneOf(TRIGGER_ACTIONS) action!: TriggerAction;
  @AnyObject({ optional: true, summary: ACTION_CONFIG }) actionConfig?: Record<string, unknown>;
  @Flag({ optional: true, default: true }) enabled?: boolean;
}

export class ChangeTriggerBody {
  @Text({ max: 200, optional: true, example: 'Investigate checkout at once' }) name?: string;
  @ObjectOf(() => TriggerOn, { optional: true }) on?: TriggerOn;
  @Text({ ...CONDITION, optional: true }) condition?: string | null;
  @OneOf(TRIGGER_ACTIONS, { optional: true }) action?: TriggerAction;
  @AnyObject({ optional: true, summary: ACTION_CONFIG }) actionConfig?: Record<string, unknown>;
  @Flag({ optional: true }) enabled?: boolean;
}

export class TriggerView {
  @IdOf('trg') triggerId!: string;
  @Text({ max: 200, example: 'Investigate checkout at once' }) name!: string;
  @ObjectOf(() => TriggerOn) on!: TriggerOn;
  @Text(CONDITION) condition!: string | null;
  @OneOf(TRIGGER_ACTIONS) action!: TriggerAction;
  @AnyObject() actionConfig!: Readonly<Record<string, unknown>>;
  @Flag() enabled!: boolean;
  @IdOf('user') createdBy!: string;
  @Moment() createdAt!: string;
  @Moment() updatedAt!: string;
}

export class TriggerPage {
  @ListOf(() => TriggerView) items!: readonly TriggerView[];
  @Text({
    max: 2048,
    nullable: true,
    summary: 'Pass it as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}

export class SimulatedFiring {
  @IdOf('evt') id!: string;
  @OneOf(TRIGGER_EVENT_TYPES, { example: 'incident.created' }) event!: string;
  @Moment() timestamp!: string;
  @IdOf('inc', { nullable: true }) incidentId!: string | null;
}

export class TriggerSimulation {
  @IdOf('trg') triggerId!: string;
  @Whole({ summary: 'Number of recent events examined', example: 412 }) examined!: number;
  @ListOf(() => SimulatedFiring, { summary: 'Events that would have fired it, oldest first' })
  fired!: readonly SimulatedFiring[];
}
