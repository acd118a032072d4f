import type { Deploy } from '../provider.js';
import { momentOf, objectOf, textOf } from '../read-json.js';
import type { GithubConfig } from './config.js';
import { deploymentName, serviceNamed } from './names.js';

/** The deployment of a `deployment_status` webhook, once it has succeeded. */
export function reportedDeploys(body: unknown, configs: readonly GithubConfig[]): Deploy[] {
  const event = objectOf(body);
  const [status, deployment] = [objectOf(event['deployment_status']), objectOf(event['deployment'])];
  const repository = textOf(objectOf(event['repository'])['full_name']);
  const { id } = deployment;
  if (status['state'] !== 'success' || repository === undefined || typeof id !== 'number') return [];
  const environment = textOf(status['environment']) ?? textOf(deployment['environment']) ?? null;
  const what = `Deployed ${textOf(deployment['ref']) ?? repository} to ${environment ?? 'an environment'}`;
  return [
    {
      sourceChangeId: deploymentName(repository, id),
      service: serviceNamed(repository, configs),
      environment,
      version: textOf(deployment['sha']) ?? null,
      summary: textOf(deployment['description']) ?? what,
      url: textOf(status['log_url']) ?? textOf(status['target_url']) ?? null,
      occurredAt: momentOf(status['created_at']),
    },
  ];
}
