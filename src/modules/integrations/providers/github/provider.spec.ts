import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { idNamed } from '#kernel/domain/ids';
import { missingOf, OUTSIDE, pulled, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { github } from './provider.js';

const SHA = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = ({ path }) => {
    if (path.endsWith(`/commits/${SHA}`)) return sample('github', 'commit');
    if (path.endsWith('/commits')) return sample('github', 'commits');
    if (path.endsWith('/deployments')) return sample('github', 'deployments');
    return sample('github', path.endsWith('/runs') ? 'runs' : 'repository');
  };
});
afterEach(() => api.stop());

const connection = (...repositories: { repository: string; service?: string }[]) => ({
  config: {
    url: api.url,
    repositories: repositories.length > 0 ? repositories : [{ repository: 'acme/checkout' }],
  },
  credentials: { token: 'ghp_x' },
});

it('reads commits with their diffs, deployments and failed runs of the six hours before the alert', async () => {
  const answers = await pulled(github, connection());
  expect(missingOf(answers)).toEqual([]);
  expect(answers.map((answer) => 'type' in answer && answer.type)).toEqual([
    'code_change',
    'deployment',
    'platform_event',
  ]);
  expect(rowsOf(answers)).toEqual([
    {
      type: 'code', service: 'checkout', occurredAt: '2026-03-01T11:20:00Z', changeId: SHA, commit: SHA, summary: 'Halve the pool',
      paths: ['config/pool.yaml'],
      diff: '--- a/config/pool.yaml\n+++ b/config/pool.yaml\n@@ -1 +1 @@\n-size: 50\n+size: 25',
      url: `https://github.com/acme/checkout/commit/${SHA}`,
    },
    {
      type: 'deploy', service: 'checkout', occurredAt: '2026-03-01T11:40:00Z', changeId: idNamed('chg', 'github/acme/checkout/42'), summary: 'Deployed v1.4.2 to production',
      commit: SHA, version: 'v1.4.2', environment: 'production',
    },
    {
      timestamp: '2026-03-01T11:35:00Z', entity: 'checkout', level: 'error',
      message: `workflow Release failed on main at ${SHA} (https://github.com/acme/checkout/actions/runs/7)`,
    },
  ]); // prettier-ignore
  const commits = api.requests.find(({ path }) => path === '/repos/acme/checkout/commits');
  expect(Object.fromEntries(commits?.query ?? [])).toEqual({
    since: '2026-03-01T06:00:00.000Z',
    until: '2026-03-01T12:10:00.000Z',
    per_page: '30',
  });
  expect(commits?.headers).toMatchObject({
    authorization: 'Bearer ghp_x',
    'x-github-api-version': '2022-11-28',
  });
});

it('uses the configured service name, and continues when one repository is not readable', async () => {
  const respond = api.respond;
  api.respond = (request, response) => {
    if (!request.path.includes('/secret/')) return respond(request, response);
    response.statusCode = 404;
    return { message: 'Not Found', status: '404' };
  };
  const answers = await pulled(
    github,
    connection({ repository: 'acme/secret' }, { repository: 'acme/shop', service: 'checkout' }),
  );
  expect(rowsOf(answers).map(({ service, entity }) => service ?? entity)).toEqual([
    'checkout',
    'checkout',
    'checkout',
  ]);
  expect(missingOf(answers)).toEqual(
    Array.from({ length: 3 }, () => 'acme/secret could not be read: GitHub answered 404: Not Found.'),
  );
});

it('reads at most ten diffs and reports the rest; an invalid SHA is never requested', async () => {
  const respond = api.respond;
  const list = Array.from({ length: 30 }, (_, at) => ({ sha: `${at}`.padStart(40, 'a') }));
  api.respond = (request, response) =>
    request.path.endsWith('/commits')
      ? [...list, { sha: '../../user' }]
      : /commits\/./.test(request.path)
        ? sample('github', 'commit')
        : respond(request, response);
  const answers = await pulled(github, connection());
  expect(missingOf(answers)).toEqual([
    'there are 30 commits of acme/checkout in the window, of which 10 were read.',
  ]);
  expect(api.requests.filter(({ path }) => /commits\/./.test(path))).toHaveLength(10);
});

it('reports an exhausted rate limit, not invalid credentials', async () => {
  api.respond = (_, response) => {
    response.writeHead(403, { 'x-ratelimit-remaining': '0', 'content-type': 'application/json' });
    response.end('{"message":"API rate limit exceeded"}');
    return undefined;
  };
  const missing = missingOf(await pulled(github, connection()));
  expect(new Set(missing)).toEqual(
    new Set(['acme/checkout could not be read: GitHub answered 403: its limit of requests is used up.']),
  );
});

it('reports a truncated diff, and a truncated list of deployments', async () => {
  const respond = api.respond;
  const file = { filename: 'big.sql', patch: '+'.repeat(40_000) };
  api.respond = (request, response) => {
    const usual = respond(request, response);
    if (request.path.endsWith(`/commits/${SHA}`)) return { ...(usual as object), files: [file] };
    if (!request.path.endsWith('/deployments')) return usual;
    const [newest] = usual as object[];
    return Array.from({ length: 30 }, (_, id) => ({ ...newest, id }));
  };
  expect(missingOf(await pulled(github, connection()))).toEqual([
    `the diff of ${SHA} was not read to its end.`,
    'no more than the last 30 deployments of acme/checkout were read.',
  ]);
});

it('is probed at every repository', async () => {
  await expect(
    github.probe(connection({ repository: 'acme/a' }, { repository: 'acme/b' }), OUTSIDE),
  ).resolves.toBeUndefined();
  expect(api.requests.map(({ path }) => path)).toEqual(['/repos/acme/a', '/repos/acme/b']);
  api.respond = (_, response) => { response.statusCode = 401; return sample('github', 'bad-credentials'); }; // prettier-ignore
  await expect(github.probe(connection(), OUTSIDE)).rejects.toThrow(
    'GitHub answered 401: the credentials do not allow this.',
  );
});
