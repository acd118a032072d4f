import type { Octokit } from '@octokit/rest';
import { JsonSource } from '../json-source.js';
import type { Connection, Outside } from '../provider.js';
import { DEFAULT_URL, type GithubConfig, type GithubCredentials } from './config.js';

/** The methods of GitHub's REST API. */
export type Github = Octokit['rest'];

/**
 * GitHub's official client with our guarded HTTP client as its transport, so that it follows no redirects, retries nothing and
 * logs nothing. Loaded on first use.
 */
export async function githubOf(
  { config, credentials }: Connection<GithubConfig, GithubCredentials>,
  { http }: Outside,
  signal?: AbortSignal,
): Promise<Github> {
  const { Octokit } = await import('@octokit/rest');
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${credentials.token}`,
    'user-agent': 'CauseFlow',
    'x-github-api-version': '2022-11-28',
  };
  const source = new JsonSource({ name: 'GitHub', url: config.url ?? DEFAULT_URL, headers, http, signal });
  const octokit = new Octokit({ baseUrl: source.address });
  octokit.hook.wrap('request', async (_, options) => {
    const { method, url } = octokit.request.endpoint.parse(options);
    const { status, json } = await source.send(method, url);
    return { status, url, headers: {}, data: json };
  });
  return octokit.rest;
}
