import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { Trigger, type Rule } from './trigger.js';
import { ledToBy } from './trigger-chain.js';

const NOW = new Date('2026-04-01T10:00:00Z');
const RULE: Rule = {
  name: 'r',
  on: { event: 'incident.created' },
  condition: null,
  action: 'notify',
  actionConfig: {},
  enabled: true,
};
const triggerWith = (rule: Partial<Rule> = {}) =>
  Trigger.create(newTenantId(), { ...RULE, ...rule }, 'user_1', 7, NOW);
const created = (correlationId: string | null) => ({ type: 'incident.created', correlationId });

describe('a trigger', () => {
  it('listens to one event type, or to all', () => {
    expect(triggerWith().listensTo(created('req'))).toBe(true);
    expect(triggerWith().listensTo({ type: 'user.created', correlationId: 'req' })).toBe(false);
    expect(triggerWith({ on: {} }).listensTo({ type: 'user.created', correlationId: null })).toBe(true);
  });

  it('listens to one provider, or to all', () => {
    expect(triggerWith({ on: { provider: 'custom' } }).listensToProvider('custom')).toBe(true);
    expect(triggerWith({ on: { provider: 'custom' } }).listensToProvider(null)).toBe(false);
    expect(triggerWith().listensToProvider(null)).toBe(true);
  });

  it('does not listen to events that it caused, directly or through other triggers', () => {
    const [first, second] = [triggerWith(), triggerWith()];
    const once = ledToBy(first.triggerId, 'req');
    expect(first.listensTo(created(once))).toBe(false);
    expect(second.listensTo(created(once))).toBe(true);
    expect(first.listensTo(created(ledToBy(second.triggerId, once)))).toBe(false);
  });

  it('does not listen after a chain of three triggers', () => {
    let correlationId: string | null = null;
    for (let depth = 0; depth < 3; depth++) {
      expect(triggerWith().listensTo(created(correlationId))).toBe(true);
      correlationId = ledToBy(triggerWith().triggerId, correlationId);
    }
    expect(triggerWith().listensTo(created(correlationId))).toBe(false);
  });

  it('is not suppressed by a request id that equals its id', () => {
    const trigger = triggerWith();
    expect(trigger.listensTo(created(trigger.triggerId))).toBe(true);
  });

  it('listens from the position at which it was enabled again', () => {
    const trigger = triggerWith();
    trigger.change({ ...RULE, name: 'other' }, 20, NOW);
    expect(trigger.listensAfter).toBe(7);
    trigger.change({ ...RULE, enabled: false }, 30, NOW);
    trigger.change(RULE, 40, NOW);
    expect(trigger.listensAfter).toBe(40);
  });
});
