import { describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { grafana } from './grafana.js';

describe('a dashboard alert', () => {
  const rule = { ruleId: 7, orgId: 1, ruleName: 'CPU', title: '[Alerting] CPU', message: 'boom', state: 'alerting' };

  it('is identified by its rule; tags of the rule override those of the match', () => {
    const told = grafana.webhooks?.notices({
      ...rule,
      evalMatches: [{ tags: { service: 'core', job: 'node' } }],
      tags: { service: 'checkout', severity: 'critical', environment: 'production' },
    });
    expect(told).toEqual([
      {
        state: 'firing',
        sourceAlertId: '1:7',
        title: 'CPU',
        description: 'boom',
        severity: 'critical',
        service: 'checkout',
        environment: 'production',
        tags: { service: 'checkout', job: 'node', severity: 'critical', environment: 'production' },
        metadata: {},
      },
    ]);
  });

  it.each([['ok', 'resolved'], ['no_data', 'firing'], ['paused', undefined]])('%s means %s', (state, ours) => {
    expect(grafana.webhooks?.notices({ ...rule, ruleId: 0, state })[0]?.state).toBe(ours);
  });

  it('without the number of its rule is no alert', () => {
    expect(grafana.webhooks?.notices({ ...rule, ruleId: null, orgId: null })).toEqual([]);
  });
}); // prettier-ignore

describe('the signature', () => {
  const signingSecret = randomBytes(16).toString('hex');
  const raw = Buffer.from('{"alerts":[]}');
  const now = new Date('2026-03-01T12:00:00Z');
  const hmac = (text: string) => createHmac('sha256', signingSecret).update(text).digest('hex');
  const verify = (config: object, headers: Record<string, string>) =>
    grafana.webhooks?.verify({ config, credentials: { signingSecret } }, { headers, raw }, now);

  it('is that of the body', () => {
    const good = hmac(raw.toString());
    expect(verify({}, { 'x-grafana-alerting-signature': good })).toBe(true);
    expect(verify({ signatureHeader: 'X-Sign' }, { 'x-sign': good })).toBe(true);
    expect(verify({}, { 'x-grafana-alerting-signature': hmac('else') })).toBe(false);
    expect(verify({}, {})).toBe(false);
  });

  it('is that of a fresh time and the body, where a header for the time is named', () => {
    const at = (time: number, signed = time) =>
      verify(
        { timestampHeader: 'X-Time' },
        { 'x-time': String(time), 'x-grafana-alerting-signature': hmac(`${signed}:${raw.toString()}`) },
      );
    const seconds = now.getTime() / 1000;
    expect(at(seconds)).toBe(true);
    expect(at(seconds, seconds - 1)).toBe(false);
    expect(at(seconds - 301)).toBe(false);
    expect(at(Number.NaN)).toBe(false);
    expect(verify({ timestampHeader: 'X-Time' }, { 'x-grafana-alerting-signature': hmac(raw.toString()) })).toBe(false);
  }); // prettier-ignore

  it('is not asked for without a secret', () => {
    expect(
      grafana.webhooks?.verify({ config: {}, credentials: {} }, { headers: {}, raw }, now),
    ).toBeUndefined();
  });
});
