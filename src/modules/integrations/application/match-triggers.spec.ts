import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { newTenantId } from '#kernel/domain/ids';
import type { IncidentLifecycle } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Trigger } from '../domain/trigger.js';
import { MatchTriggers } from './match-triggers.js';

Logger.overrideLogger(false);

const NO_INCIDENTS = { findMany: () => Promise.resolve([]) } as unknown as IncidentLifecycle;
const tenantId = newTenantId();
const now = new Date('2026-03-01T12:00:00Z');

function trigger(condition: string): Trigger {
  const rule = {
    name: 'A rule',
    on: {},
    condition,
    action: 'notify',
    actionConfig: {},
    enabled: true,
  } as const;
  return Trigger.create(tenantId, rule, 'user_1', 0, now);
}

it('slow conditions yield to the event loop in between', async () => {
  const title = `${'a'.repeat(60)}!`;
  const event = new IncidentCreated(
    { incidentId: 'inc_1', title, severity: 'high', status: 'open', source: 'manual' },
    { id: 'evt_1', seq: 1, tenantId, occurredAt: now, correlationId: null, actor: null },
  );
  const triggers = Array.from({ length: 8 }, () => trigger('event.data.title.matches("^(a+)+$")'));
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
