import type { GithubConfig, GithubRepository } from './config.js';

/** The service of a repository: as configured by the tenant, else the repository's name. */
export function serviceIn({ repository, service }: GithubRepository): string {
  return service ?? nameOf({ repository }).repo;
}

/** The same for a repository that a webhook names. */
export function serviceNamed(repository: string, configs: readonly GithubConfig[]): string {
  const known = configs
    .flatMap(({ repositories }) => repositories)
    .find((one) => one.repository.toLowerCase() === repository.toLowerCase());
  return serviceIn(known ?? { repository });
}

export function nameOf({ repository }: Pick<GithubRepository, 'repository'>): {
  owner: string;
  repo: string;
} {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

/** The id of a deployment, the same from webhooks and from the API. */
export function deploymentName(repository: string, id: number): string {
  return `github/${repository.toLowerCase()}/${id}`;
}
