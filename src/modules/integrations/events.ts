import { defineEvent } from '#kernel/events/define-event';
import { Field, IdOf, ObjectOf, Text } from '#kernel/http/fields';

const INTEGRATION = 'int_01HX9VTPQR3KF8MZWBYD5N6JCE';
const TRIGGER = 'trg_01HX9VTPQR3KF8MZWBYD5N6JCE';
const USER = 'user_01HX9VTPQR3KF8MZWBYD5N6JCE';

class IntegrationConnectedData {
  @IdOf('int') integrationId!: string;
  @Text({ max: 64 }) provider!: string;
  @IdOf('user') connectedBy!: string;
}

export class IntegrationConnected extends defineEvent({
  type: 'integration.connected',
  summary: 'A new integration is activated',
  data: IntegrationConnectedData,
  example: { integrationId: INTEGRATION, provider: 'http_runner', connectedBy: USER },
  audience: 'public',
}) {}

class IntegrationDisconnectedData {
  @IdOf('int') integrationId!: string;
  @Text({ max: 64 }) provider!: string;
  @IdOf('user') disconnectedBy!: string;
}

export class IntegrationDisconnected extends defineEvent({
  type: 'integration.disconnected',
  summary: 'An existing integration is deactivated',
  data: IntegrationDisconnectedData,
  example: { integrationId: INTEGRATION, provider: 'http_runner', disconnectedBy: USER },
  audience: 'public',
}) {}

class HeardByTrigger {
  @Text({ max: 64, optional: true, summary: 'Only events that came from this tool' }) provider?: string;
  @Text({ max: 100, optional: true, summary: 'Any event, if omitted' }) event?: string;
}

class TriggerCreatedData {
  @IdOf('trg') triggerId!: string;
  @Text({ max: 200 }) name!: string;
  @ObjectOf(() => HeardByTrigger, { summary: 'The events it reacts to: {provider?, event?}' })
  on!: HeardByTrigger;
  @Text({ max: 64 }) action!: string;
  @IdOf('user') createdBy!: string;
}

export class TriggerCreated extends defineEvent({
  type: 'trigger.created',
  summary: 'A new automation trigger is configured',
  data: TriggerCreatedData,
  example: {
    triggerId: TRIGGER,
    name: 'Investigate checkout at once',
    on: { event: 'incident.created' },
    action: 'start_investigation',
    createdBy: USER,
  },
  audience: 'public',
}) {}

class TriggerDeletedData {
  @IdOf('trg') triggerId!: string;
  @Text({ max: 200 }) name!: string;
  @IdOf('user') deletedBy!: string;
}

export class TriggerDeleted extends defineEvent({
  type: 'trigger.deleted',
  summary: 'An automation trigger is removed',
  data: TriggerDeletedData,
  example: { triggerId: TRIGGER, name: 'Investigate checkout at once', deletedBy: USER },
  audience: 'public',
}) {}

class TriggerEventReceivedData {
  @IdOf('trg') triggerId!: string;
  @Field({
    type: 'string',
    nullable: true,
    maxLength: 64,
    summary: 'The tool that the event or its incident came from',
  })
  provider!: string | null;
  @Text({ max: 100, summary: 'The event that fired it' }) event!: string;
  @Text({ max: 64, summary: 'The action, or none if it failed' }) actionTaken!: string;
  @IdOf('inc', { nullable: true }) incidentId!: string | null;
}

export class TriggerEventReceived extends defineEvent({
  type: 'trigger.event_received',
  summary: 'A registered trigger fires on an incoming event',
  data: TriggerEventReceivedData,
  example: {
    triggerId: TRIGGER,
    provider: 'custom',
    event: 'incident.created',
    actionTaken: 'start_investigation',
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
  },
  audience: 'public',
}) {}
