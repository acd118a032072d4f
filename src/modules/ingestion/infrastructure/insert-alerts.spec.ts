import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { eventRows } from '#kernel/events/event-row';
import { readCustomAlert } from '../domain/custom-alert.js';
import { Incident } from '../domain/incident.js';
import { type AlertRow, parametersOf } from './insert-alerts.js';

const tenantId = newTenantId();

function received(raw: Buffer, title = 'Disk nearly full'): AlertRow {
  const origin = { source: 'automated', provider: 'custom', sourceAlertId: null } as const;
  const now = new Date();
  const incident = Incident.open(tenantId, readCustomAlert({ title, description: 'x' }), origin, now);
  const alert = { ...origin, raw, bodyId: null, recurs: false, receivedAt: now, incident };
  return { alert, events: eventRows(tenantId, incident.takeRecorded()) };
}

function read(rows: readonly AlertRow[]) {
  const [alerts, raws, events] = parametersOf(rows);
  return {
    alerts: JSON.parse(alerts) as { title: string; raw_from: number; raw_size: number }[],
    raws,
    events: JSON.parse(events) as { data: { title: string } }[],
  };
}

describe('the parameters of a batch', () => {
  it('have the offset and size of each alert’s body, the same for alerts that share one', () => {
    const bodies = ['first', 'several', 'several, too', 'last'].map((text) => Buffer.from(text));
    const order = [0, 1, 1, 1, 2, 3].map((at) => bodies[at] ?? Buffer.alloc(0));
    const { alerts, raws } = read(order.map((raw) => received(raw)));
    const pieces = alerts.map(({ raw_from: from, raw_size: size }) =>
      String(raws.subarray(from - 1, from - 1 + size)),
    );
    expect(pieces).toEqual(order.map(String));
    expect(raws.length).toBe(Buffer.concat(bodies).length);
  });
});
