import { describe, expect, it } from '@jest/globals';
import { noticesOfGroup } from './alert-group.js';

const labels = { alertname: 'DiskFull', instance: 'db-1:9100', job: 'node', severity: 'warning' };

describe('a group of alerts', () => {
  it('maps each alert', () => {
    const [notice] = noticesOfGroup({
      status: 'firing',
      commonLabels: { cluster: 'eu-1' },
      alerts: [
        {
          status: 'firing',
          labels: { ...labels, env: 'staging' },
          annotations: { summary: 'Disk of db-1 is full', description: 'Less than 1 % is left.', runbook_url: 'https://x' },
          startsAt: '2026-03-01T12:00:00Z',
          endsAt: '2026-03-01T12:05:00Z',
          generatorURL: 'http://prometheus/graph',
          fingerprint: 'f404ecabc8dd5cd7',
        },
      ],
    }); // prettier-ignore
    expect(notice).toEqual({
      state: 'firing',
      sourceAlertId: 'f404ecabc8dd5cd7',
      title: 'Disk of db-1 is full',
      description: 'Less than 1 % is left.',
      severity: 'medium',
      service: 'node',
      environment: 'staging',
      tags: { ...labels, env: 'staging', cluster: 'eu-1' },
      metadata: {
        summary: 'Disk of db-1 is full',
        description: 'Less than 1 % is left.',
        runbook_url: 'https://x',
        startsAt: '2026-03-01T12:00:00Z',
        generatorURL: 'http://prometheus/graph',
      },
    });
  });

  it('uses the state of each alert, and that of the group only for an alert without one', () => {
    const states = (status: string, ...alerts: object[]) =>
      noticesOfGroup({ status, alerts }).map(({ state }) => state);
    expect(states('firing', { status: 'resolved' }, { status: 'firing' }, {})).toEqual(['resolved', 'firing', 'firing']); // prettier-ignore
    expect(states('resolved', {}, { status: 'firing' })).toEqual(['resolved', 'firing']);
  });

  it('identifies an alert without a fingerprint by its labels in any order', () => {
    const idOf = (given: object) => noticesOfGroup({ alerts: [{ labels: given }] })[0]?.sourceAlertId;
    expect(idOf({ a: '1', b: '2' })).toBe(idOf({ b: '2', a: '1' }));
    expect(idOf({ a: '1', b: '2' })).not.toBe(idOf({ a: '1', b: '3' }));
  });

  it('has at most 10,000 alerts', () => {
    const group = (size: number) => ({ alerts: Array.from({ length: size }, () => ({})) });
    expect(noticesOfGroup(group(10_000))).toHaveLength(10_000);
    expect(() => noticesOfGroup(group(10_001))).toThrow('alerts must have at most 10000 entries');
  });

  it('copies at most 64 shared labels to each alert', () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`name${at}`, 'x']));
    const own = { alertname: 'DiskFull', env: 'staging' };
    const [notice] = noticesOfGroup({
      commonLabels: many,
      commonAnnotations: many,
      alerts: [{ labels: own, annotations: { summary: 'Disk is full' } }],
    });
    expect(Object.keys(notice?.tags ?? {})).toHaveLength(64 + 2);
    expect(Object.keys(notice?.metadata ?? {})).toHaveLength(64 + 1);
    expect(notice).toMatchObject({ tags: own, title: 'Disk is full', environment: 'staging' });
  });

  it('shortens long shared labels of many alerts, and no others', () => {
    const long = 'x'.repeat(20_000);
    const copied = (size: number, own: object) => {
      const commonLabels = { team: 'payments', notes: long };
      const notices = noticesOfGroup({ commonLabels, alerts: Array.from({ length: size }, () => own) });
      return notices.reduce((sum, { tags }) => sum + JSON.stringify(tags).length, 0);
    };
    expect(copied(10, {})).toBeGreaterThan(10 * long.length);
    expect(copied(10_000, {})).toBeLessThan(40 * 1024 * 1024);
    const [few] = noticesOfGroup({ commonLabels: { notes: long }, alerts: [{ labels: { own: long } }] });
    expect(few?.tags).toEqual({ notes: long, own: long });
    const [first] = noticesOfGroup({
      commonLabels: { team: 'payments', notes: long },
      alerts: Array.from({ length: 10_000 }, () => ({ labels: { own: long } })),
    });
    expect(first?.tags).toMatchObject({ team: 'payments', own: long });
  });

  it('takes the service from the preferred label', () => {
    const serviceOf = (given: object) => noticesOfGroup({ alerts: [{ labels: given }] })[0]?.service;
    expect(serviceOf({ job: 'kube-state-metrics', container: 'cart', service: 'cart-v2' })).toBe('cart-v2');
    expect(serviceOf({ job: 'kube-state-metrics', container: 'cart' })).toBe('cart');
    expect(serviceOf({ service: ' ', job: 'node' })).toBe('node');
    expect(serviceOf({ instance: 'a:1' })).toBeNull();
  });

  it.each([
    ['critical', 'critical'], ['PAGE', 'critical'], ['error', 'high'], ['warning', 'medium'], ['minor', 'low'],
    ['none', 'info'], ['whatever', 'medium'], [undefined, 'medium'],
  ])('maps the severity %s to %s', (severity, ours) => {
    expect(noticesOfGroup({ alerts: [{ labels: { severity } }] })[0]?.severity).toBe(ours);
  }); // prettier-ignore

  it('gives the heartbeat alert severity info', () => {
    expect(noticesOfGroup({ alerts: [{ labels: { alertname: 'Watchdog' } }] })[0]).toMatchObject({
      severity: 'info',
      title: 'Watchdog',
    });
  });

  it('refuses a body without a list of alerts', () => {
    expect(() => noticesOfGroup({ alerts: {} })).toThrow('alerts must be a list');
  });
});
