import type { GithubRepository } from './config.js';

/** The service whose code a repository holds: what the tenant says, or the repository's own name. */
export function serviceIn({ repository, service }: GithubRepository): string {
  return service ?? nameOf({ repository }).repo;
}

export function nameOf({ repository }: Pick<GithubRepository, 'repository'>): {
  owner: string;
  repo: string;
} {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

/** What a deployment is called, whether GitHub tells of it or is asked. */
export function deploymentName(repository: string, id: number): string {
  return `github/${repository.toLowerCase()}/${id}`;
}
