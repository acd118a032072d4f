import type { EvidenceQuestion, PulledRow } from '../../api.js';
import { JsonSource } from '../json-source.js';
import { type Connection, NoAnswer, type Outside, type Provider, type SourceAnswer } from '../provider.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';
import { DEFAULT_URL, GithubConfig, GithubCredentials, type GithubRepository } from './config.js';

type Github = Connection<GithubConfig, GithubCredentials>;

const NAME = 'GitHub';
const CHANGES_BEFORE_ALERT = 6 * 60 * 60_000;
const MOST_LISTED = 30;
/** Of one repository: each costs a call of its own. */
const MOST_DIFFS = 10;
const LONGEST_DIFF = 32_000;

export const github: Provider<GithubConfig, GithubCredentials> = {
  provider: 'github',
  displayName: 'GitHub',
  category: 'code',
  capabilities: ['evidence'],
  authType: 'token',
  config: GithubConfig,
  credentials: GithubCredentials,
  setupGuide: [
    '1. Make a fine-grained personal access token for the repositories with read access to Contents, Deployments and Actions.',
    '2. `repositories` says which repository holds which service; without `service` the name of the repository is taken.',
    '3. For GitHub Enterprise Server, `url` is `https://<host>/api/v3`.',
  ].join('\n'),

  async probe(connection, outside) {
    const source = sourceOf(connection, outside);
    for (const { repository } of connection.config.repositories) {
      const { full_name: name } = objectOf(await source.get(`/repos/${repository}`));
      if (textOf(name) === undefined)
        throw new NoAnswer('The address answers, but not as the API of GitHub does.');
    }
  },

  evidence: { pull },
};

function sourceOf({ config, credentials }: Github, { http }: Outside, signal?: AbortSignal): JsonSource {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${credentials.token}`,
    'x-github-api-version': '2022-11-28',
  };
  return new JsonSource({ name: NAME, url: config.url ?? DEFAULT_URL, headers, http, signal });
}

async function* pull(
  connection: Github,
  { service, alertedAt, to }: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const source = sourceOf(connection, outside, signal);
  const since = new Date(alertedAt.getTime() - CHANGES_BEFORE_ALERT);
  // Whoever is asked last may not be asked any more.
  const own = (where: GithubRepository) => Number(serviceIn(where) === service);
  for (const where of [...connection.config.repositories].sort((a, b) => own(b) - own(a))) {
    const asked = { source, where, service: serviceIn(where), since, until: to };
    const parts = [commits, deployments, failedRuns].map((read) => told(where, read(asked)));
    for (const answers of await Promise.all(parts)) yield* answers;
  }
}

interface Asked {
  readonly source: JsonSource;
  readonly where: GithubRepository;
  readonly service: string;
  readonly since: Date;
  readonly until: Date;
}

function serviceIn({ repository, service }: GithubRepository): string {
  return service ?? repository.replace(/^.*\//, '');
}

/** A repository or a part of it that may not be read is told, and the others go on. */
async function told(
  { repository }: GithubRepository,
  answers: Promise<SourceAnswer[]>,
): Promise<SourceAnswer[]> {
  try {
    return await answers;
  } catch (error) {
    if (error instanceof NoAnswer) return [{ missing: `${repository} could not be read: ${error.message}` }];
    throw error;
  }
}

async function commits({ source, where, service, since, until }: Asked): Promise<SourceAnswer[]> {
  const path = `/repos/${where.repository}/commits`;
  const listed = listOf(
    await source.get(path, [['since', since.toISOString()], ['until', until.toISOString()], ['per_page', String(MOST_LISTED)]]), // prettier-ignore
  ).flatMap((item) => textOf(objectOf(item)['sha']) ?? []).filter((sha) => /^[0-9a-f]{40,64}$/.test(sha)); // prettier-ignore
  const read = listed.slice(0, MOST_DIFFS);
  const answers = await Promise.all(
    read.map(async (sha): Promise<SourceAnswer[]> => {
      const rows = commitRow(objectOf(await source.get(`${path}/${sha}`)), sha, service);
      return rows.map((row) => ({ type: 'code_change', query: `GET ${path}/${sha}`, rows: [row] }));
    }),
  );
  return [...answers.flat(), ...moreThan(listed.length, read.length, `commits of ${where.repository}`)];
}

function commitRow(
  { commit, html_url: url, files }: Readonly<Record<string, unknown>>,
  sha: string,
  service: string,
): PulledRow[] {
  const { message, committer } = objectOf(commit);
  const occurredAt = textOf(objectOf(committer)['date']);
  if (occurredAt === undefined) return [];
  const changed = listOf(files).map(objectOf);
  const diff = changed
    .map(
      ({ filename, patch }) =>
        `--- a/${textOf(filename) ?? ''}\n+++ b/${textOf(filename) ?? ''}\n${textOf(patch) ?? ''}`,
    )
    .join('\n');
  return [
    {
      type: 'code',
      service,
      occurredAt,
      changeId: sha,
      commit: sha,
      summary: (textOf(message) ?? 'no message').split('\n', 1)[0] ?? '',
      paths: changed.flatMap(({ filename }) => textOf(filename) ?? []),
      diff: diff.slice(0, LONGEST_DIFF),
      ...(textOf(url) !== undefined && { url: textOf(url) ?? '' }),
    },
  ];
}

async function deployments({ source, where, service, since, until }: Asked): Promise<SourceAnswer[]> {
  const path = `/repos/${where.repository}/deployments`;
  const listed = listOf(await source.get(path, [['per_page', String(MOST_LISTED)]])).map(objectOf);
  const recent = listed.filter(({ created_at: at }) => isWithin(at, since, until));
  return recent.map((deployment): SourceAnswer => {
    const { id, sha, ref, environment, description, created_at: at } = deployment;
    const [version, into] = [textOf(ref), textOf(environment)];
    const summary = textOf(description) ?? `Deployed ${version ?? 'a commit'} to ${into ?? 'an environment'}`;
    const row = {
      type: 'deploy',
      service,
      occurredAt: textOf(at) ?? '',
      changeId: String(numberOf(id) ?? ''),
      summary,
      ...(textOf(sha) !== undefined && { commit: textOf(sha) ?? '' }),
      ...(version !== undefined && { version }),
      ...(into !== undefined && { environment: into }),
    };
    return { type: 'deployment', query: `GET ${path}`, rows: [row] };
  });
}

async function failedRuns({ source, where, service, since, until }: Asked): Promise<SourceAnswer[]> {
  const path = `/repos/${where.repository}/actions/runs`;
  const created = `${since.toISOString()}..${until.toISOString()}`;
  const answer = objectOf(
    await source.get(path, [['status', 'failure'], ['created', created], ['per_page', String(MOST_LISTED)]]), // prettier-ignore
  );
  const rows = listOf(answer['workflow_runs']).map(objectOf).flatMap((run): PulledRow[] => {
    const timestamp = textOf(run['updated_at']) ?? textOf(run['created_at']);
    if (timestamp === undefined) return [];
    const [name, branch, sha] = [textOf(run['name']), textOf(run['head_branch']), textOf(run['head_sha'])];
    const message = `workflow ${name ?? 'run'} failed on ${branch ?? 'a branch'} at ${sha ?? 'a commit'} (${textOf(run['html_url']) ?? 'no address'})`;
    return [{ timestamp, entity: service, level: 'error', message }];
  }); // prettier-ignore
  const total = numberOf(answer['total_count']) ?? rows.length;
  return [
    ...(rows.length > 0
      ? [{ type: 'platform_event', query: `GET ${path}?status=failure&created=${created}`, rows } as const]
      : []),
    ...moreThan(total, rows.length, `failed runs of ${where.repository}`),
  ];
}

function isWithin(moment: unknown, since: Date, until: Date): boolean {
  const at = Date.parse(textOf(moment) ?? '');
  return at >= since.getTime() && at <= until.getTime();
}

function moreThan(all: number, read: number, what: string): SourceAnswer[] {
  return all > read
    ? [{ missing: `there are ${all} ${what} in the window, of which ${read} were read.` }]
    : [];
}
