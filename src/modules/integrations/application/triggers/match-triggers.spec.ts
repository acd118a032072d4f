import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { newTenantId } from '#kernel/domain/ids';
import type { IncidentLifecycle } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Trigger } from '../../domain/trigger.js';
import { MatchTriggers } from './match-triggers.js';

beforeEach(() => {
  Logger.overrideLogger(false);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const NO_INCIDENTS = { findMany: () => Promise.resolve([]) } as unknown as IncidentLifecycle;
const tenantId = newTenantId();
const now = new Date('2026-03-01T12:00:00Z');

const RULE = { name: 'A rule', on: {}, action: 'notify', actionConfig: {}, enabled: true } as const;

function trigger(condition: string): Trigger {
  return Trigger.create(tenantId, { ...RULE, condition }, 'user_1', 0, now);
}

const SLOW = 'event.data.title.matches("^(a+)+$")';
const event = new IncidentCreated(
  { incidentId: 'inc_1', title: `${'a'.repeat(60)}!`, severity: 'high', status: 'open', source: 'manual' },
  { id: 'evt_1', seq: 1, tenantId, occurredAt: now, correlationId: null, actor: null },
);

it('slow conditions yield to the event loop in between', async () => {
  const triggers = Array.from({ length: 8 }, () => trigger(SLOW));
  let turns = 0;
  let next = setImmediate(takeTurn);
  function takeTurn(): void {
    turns += 1;
    next = setImmediate(takeTurn);
  }
  const matches = await new MatchTriggers(NO_INCIDENTS).execute(
    tenantId,
    [...triggers, trigger('true')],
    [event],
  );
  clearImmediate(next);
  expect(matches).toHaveLength(1);
  expect(turns).toBeGreaterThanOrEqual(triggers.length);
});

it('a slow condition is left alone for some minutes, in later batches too, and a changed one is evaluated at once', async () => {
  const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
  const warn = jest.fn();
  Logger.overrideLogger({ log: warn, warn, error: warn });
  const matchTriggers = new MatchTriggers(NO_INCIDENTS);
  const slow = trigger(SLOW);
  const complaints = async (): Promise<number> => {
    await matchTriggers.execute(tenantId, [slow], [event]);
    return warn.mock.calls.length;
  };
  expect([await complaints(), await complaints()]).toEqual([1, 1]);
  clock.mockReturnValue(300_001);
  expect([await complaints(), await complaints()]).toEqual([2, 2]);
  slow.change({ ...RULE, condition: `${SLOW} || false` }, 0, now);
  expect(await complaints()).toBe(3);
  slow.change({ ...RULE, condition: 'true' }, 0, now);
  expect(await matchTriggers.execute(tenantId, [slow], [event])).toHaveLength(1);
});
