import { describe, expect, it } from '@jest/globals';
import { mutationsOf } from '../alert-sources/mutations.fixture.js';
import type { GithubConfig } from './config.js';
import { github } from './provider.js';

const read = (body: unknown, config?: GithubConfig) => github.webhooks?.notices(body, config) ?? [];
const repository = {
  full_name: 'Acme/Shop-Checkout',
  html_url: 'https://github.com/acme/shop-checkout',
  default_branch: 'main',
};
const config: GithubConfig = { repositories: [{ repository: 'acme/shop-checkout', service: 'checkout' }] };

describe('a check of GitHub', () => {
  const completed = (conclusion: string, branch: string | null = 'main', sha = 'f95f852') => ({
    action: 'completed',
    repository,
    check_run: {
      name: 'integration tests',
      conclusion,
      head_sha: sha,
      html_url: 'https://github.com/acme/shop-checkout/runs/7',
      output: { title: '2 failed', summary: 'Payment times out' },
      check_suite: { head_branch: branch },
    },
  });

  it('that fails is an alert of its branch', () => {
    expect(read(completed('failure'), config)).toEqual([
      {
        state: 'firing',
        sourceAlertId: 'https://github.com/acme/shop-checkout/checks/integration tests@main',
        title: 'integration tests failed on main',
        description: 'Payment times out',
        severity: 'medium',
        service: 'checkout',
        environment: null,
        tags: {},
        metadata: { head_sha: 'f95f852', html_url: 'https://github.com/acme/shop-checkout/runs/7' },
      },
    ]);
    expect(read(completed('timed_out', 'next'))).toMatchObject([{ severity: 'low', service: 'Shop-Checkout' }]);
  }); // prettier-ignore

  it('is over when it succeeds on the same branch, at whatever commit', () => {
    const [failed, fixed, other] = [
      completed('failure'),
      completed('success', 'main', 'a1b2c3d'),
      completed('success', 'next'),
    ].map((body) => read(body)[0]);
    expect(fixed).toMatchObject({ state: 'resolved', sourceAlertId: failed?.sourceAlertId });
    expect(other?.sourceAlertId).not.toBe(failed?.sourceAlertId);
  });

  it('of a fork, which has no branch here, is an alert of its commit', () => {
    const [notice] = read(completed('failure', null));
    expect(notice).toMatchObject({ title: 'integration tests failed on f95f852', severity: 'low' });
  });

  it.each(['cancelled', 'skipped', 'neutral', 'stale', 'constructor'])(
    'that is %s says nothing',
    (conclusion) => {
      expect(read(completed(conclusion))).toEqual([]);
    },
  );

  it('is read around values of another kind', () => {
    for (const odd of mutationsOf(completed('failure')))
      for (const { sourceAlertId } of read(odd)) expect(sourceAlertId).toMatch(/\S/);
  });
});

describe('a Dependabot alert', () => {
  const told = (action: string) => ({
    action,
    repository,
    alert: {
      number: 1,
      url: 'https://api.github.com/repos/acme/shop-checkout/dependabot/alerts/1',
      html_url: 'https://github.com/acme/shop-checkout/security/dependabot/1',
      dependency: { package: { ecosystem: 'npm', name: 'left' }, manifest_path: 'package-lock.json' },
      security_advisory: { summary: 'Code injection in left', description: 'Any', severity: 'moderate', cve_id: 'CVE-1' },
      security_vulnerability: { severity: 'critical' },
    },
  }); // prettier-ignore

  it('fires until it is fixed or dismissed', () => {
    const sourceAlertId = 'https://api.github.com/repos/acme/shop-checkout/dependabot/alerts/1';
    expect(read(told('created'), config)).toMatchObject([
      {
        state: 'firing',
        sourceAlertId,
        title: 'Code injection in left',
        severity: 'critical',
        service: 'checkout',
      },
    ]);
    const stateAfter = (action: string) => read(told(action))[0]?.state;
    expect(['reopened', 'auto_reopened', 'reintroduced'].map(stateAfter)).toEqual(Array(3).fill('firing'));
    expect(['fixed', 'dismissed', 'auto_dismissed'].map(stateAfter)).toEqual(Array(3).fill('resolved'));
    expect(read(told('assignees_changed'))).toEqual([]);
  });

  it('is told from an alert of code scanning, and read around values of another kind', () => {
    expect(
      read({ ...told('created'), alert: { number: 1, url: 'https://x', rule: { severity: 'error' } } }),
    ).toEqual([]);
    for (const odd of mutationsOf(told('created')))
      for (const { sourceAlertId } of read(odd)) expect(sourceAlertId).toMatch(/\S/);
  });
});
