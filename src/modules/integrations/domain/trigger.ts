import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { TriggerCreated, TriggerDeleted, TriggerEventReceived } from '../events.js';
import { mayFire } from './trigger-chain.js';

export const TRIGGER_ACTIONS = words('TriggerAction', [
  'start_investigation',
  'create_incident',
  'record_change',
  'notify',
  'run_remediation_proposal',
]);
export type TriggerAction = (typeof TRIGGER_ACTIONS)[number];

/** The user's definition: event, condition and action. */
export interface Rule {
  readonly name: string;
  readonly on: { readonly provider?: string; readonly event?: string };
  /** CEL, already validated; null matches always. */
  readonly condition: string | null;
  readonly action: TriggerAction;
  readonly actionConfig: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
}

/** What a trigger did for an event. */
export interface Firing {
  readonly event: string;
  readonly provider: string | null;
  /** The trigger's action, or `none` when it was refused. */
  readonly actionTaken: TriggerAction | 'none';
  /** The incident that the event was about, or that was opened. */
  readonly incidentId: string | null;
}

export interface Heard {
  readonly type: string;
  readonly correlationId: string | null;
}

export class Trigger extends Aggregate implements Rule {
  readonly triggerId!: string;
  name!: string;
  on!: Rule['on'];
  condition!: string | null;
  action!: TriggerAction;
  actionConfig!: Readonly<Record<string, unknown>>;
  enabled!: boolean;
  /** The sequence number after which it listens: earlier events may be redelivered and must not fire it. */
  listensAfter!: number;
  readonly createdBy!: string;
  readonly createdAt!: Date;
  updatedAt!: Date;

  private constructor() {
    super();
  }

  /** @param head the sequence number of the tenant's newest event */
  static create(tenantId: TenantId, rule: Rule, createdBy: string, head: number, now: Date): Trigger {
    const trigger = Object.assign(new Trigger(), rule, {
      tenantId,
      triggerId: newId('trg'),
      listensAfter: head,
      createdBy,
      createdAt: now,
      updatedAt: now,
    });
    const { triggerId, name, on, action } = trigger;
    trigger.record(new TriggerCreated({ triggerId, name, on, action, createdBy }));
    return trigger;
  }

  change(rule: Rule, head: number, now: Date): void {
    if (rule.enabled && !this.enabled) this.listensAfter = head;
    Object.assign(this, rule, { updatedAt: now });
  }

  delete(deletedBy: string): void {
    const { triggerId, name } = this;
    this.record(new TriggerDeleted({ triggerId, name, deletedBy }));
  }

  /** Whether the event type matches; the condition is evaluated separately. */
  listensTo({ type, correlationId }: Heard): boolean {
    return (this.on.event ?? type) === type && mayFire(this.triggerId, correlationId);
  }

  /** @param provider the tool that an event, or the incident that it is about, came from */
  listensToProvider(provider: string | null): boolean {
    return (this.on.provider ?? provider) === provider;
  }

  fired({ event, provider, actionTaken, incidentId }: Firing): void {
    const { triggerId } = this;
    this.record(new TriggerEventReceived({ triggerId, provider, event, actionTaken, incidentId }));
  }
}
