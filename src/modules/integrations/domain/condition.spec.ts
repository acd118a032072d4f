import { describe, expect, it } from '@jest/globals';
import { Condition, ConditionTooSlow } from './condition.js';

const event = {
  event: 'incident.created',
  timestamp: '2026-04-01T10:00:00.000Z',
  tenantId: 'ten_1',
  data: { incidentId: 'inc_1', severity: 'high', title: `${'a'.repeat(60)}!`, stepIndex: 2, confidence: 0.9 },
};
const incident = {
  service: 'checkout',
  environment: null,
  tags: { team: 'payments' },
  metadata: { list: Array.from({ length: 2000 }, (_, at) => String(at)) },
};
const holds = (text: string, about: typeof incident | null = incident) =>
  Condition.parse(text).holds({ event, incident: about });

describe('a condition', () => {
  it.each([
    'event.event == "incident.created"',
    'event.data.severity in ["high", "critical"]',
    'event.data["stepIndex"] == 2 && event.data.confidence > 0.5',
    'event.data.title.matches("^a+!$")',
    'timestamp(event.timestamp) > timestamp("2026-01-01T00:00:00Z")',
    'incident.service == "checkout" && incident.environment == null',
    'incident.tags.team.startsWith("pay")',
    'incident.metadata.list.exists(entry, entry == "1999")',
    '!has(incident.tags.region)',
    'incident.nothing == "x" || event.data.severity == "high"',
  ])('holds: %s', (text) => {
    expect(holds(text)).toBe(true);
  });

  it.each([
    'event.data.severity == "low"',
    'event.data.nothing == "x"',
    'event.data.nothing != "x"',
    '!(incident.nothing == "x")',
    'incident.tags.team.nothing.at.all == 1',
    'event.data.title.matches("(")',
    'event.data.title',
    'event.constructor != null',
    'event.__proto__ != null',
  ])('does not hold: %s', (text) => {
    expect(holds(text)).toBe(false);
  });

  it('does not hold when it reads an incident and the event has none', () => {
    expect(holds('incident.service != "x"', null)).toBe(false);
    expect(holds('incident == null', null)).toBe(true);
  });
});

describe('an invalid condition', () => {
  it.each([
    ['event.data.severity = "high"', /^condition Unexpected character: = \(at character 21\)$/],
    ['event.data.severity ==', /^condition Unexpected token/],
    ['', /^condition Unexpected token/],
    ['envet.data.severity == "high"', /^condition Unknown variable: envet/],
    ['1 + 1', /^condition must be a boolean expression; this is of type int$/],
    ['"a" > 1', /^condition no such overload/],
    [`event.event == "${'x'.repeat(2000)}"`, /^condition must be at most 2000 characters$/],
    [`${'('.repeat(100)}true${')'.repeat(100)}`, /^condition /],
    [Array.from({ length: 300 }, () => 'true').join('||'), /^condition /],
  ])('is refused with the reason: %#', (text, reason) => {
    expect(() => Condition.parse(text)).toThrow(reason);
  });
});

describe('a hostile condition', () => {
  it.each([
    'event.data.title.matches("^(a+)+$")',
    'incident.metadata.list.all(a, incident.metadata.list.all(b, incident.metadata.list.all(c, a + b + c != "")))',
    'incident.metadata.list.map(a, incident.metadata.list.map(b, incident.metadata.list)).size() > 0',
  ])('is stopped, and later conditions are evaluated: %s', (text) => {
    expect(() => holds(text)).toThrow(ConditionTooSlow);
    expect(holds('event.data.severity == "high"')).toBe(true);
  });
});
