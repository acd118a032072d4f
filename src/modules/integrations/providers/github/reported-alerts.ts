import type { Notice } from '../../api.js';
import { noticeOf, type States } from '../alert-sources/notice.js';
import { firstOf, lookUp, onlyOf, severityOf, textsOf } from '../alert-sources/normalize.js';
import { objectOf } from '../read-json.js';
import type { GithubConfig } from './config.js';
import { serviceNamed } from './names.js';

type Json = Readonly<Record<string, unknown>>;

/** The others, such as cancelled and skipped, say nothing about the code. */
const CONCLUSIONS: States = {
  failure: 'firing',
  timed_out: 'firing',
  startup_failure: 'firing',
  success: 'resolved',
};
const DEPENDABOT_ACTIONS: States = {
  created: 'firing',
  reopened: 'firing',
  auto_reopened: 'firing',
  reintroduced: 'firing',
  fixed: 'resolved',
  dismissed: 'resolved',
  auto_dismissed: 'resolved',
};

/** The alert of a `check_run` or `dependabot_alert` webhook. */
export function reportedAlerts(body: unknown, config?: GithubConfig): Notice[] {
  const event = objectOf(body);
  const repository = textsOf(event['repository']);
  const service = serviceNamed(repository['full_name'] ?? '', config ? [config] : []);
  const run = objectOf(event['check_run']);
  return event['action'] === 'completed' ? ofCheck(run, repository, service) : ofDependabot(event, service);
}

function ofCheck(run: Json, repository: Readonly<Record<string, string>>, service: string): Notice[] {
  const fields = textsOf(run);
  const { name, head_sha: commit } = fields;
  // A fork's branch is not named.
  const branch = firstOf(textsOf(run['check_suite']), ['head_branch']) ?? commit;
  const home = firstOf(repository, ['html_url', 'full_name']);
  return noticeOf({
    state: lookUp(CONCLUSIONS, fields['conclusion']),
    sourceAlertId: home && name && branch && `${home}/checks/${name}@${branch}`,
    title: `${name} failed on ${branch}`,
    description: firstOf(textsOf(run['output']), ['summary', 'title']),
    severity: branch === repository['default_branch'] ? 'medium' : 'low',
    service,
    metadata: onlyOf(fields, ['head_sha', 'html_url', 'details_url']),
  });
}

function ofDependabot({ action, alert }: Json, service: string): Notice[] {
  const { security_advisory: advisory, security_vulnerability: vulnerability, dependency } = objectOf(alert);
  const fields = textsOf(alert);
  const about = textsOf(advisory);
  return noticeOf({
    state: advisory ? lookUp(DEPENDABOT_ACTIONS, action) : undefined,
    sourceAlertId: firstOf(fields, ['url', 'html_url']),
    title: about['summary'],
    description: about['description'],
    severity: severityOf(textsOf(vulnerability)['severity'] ?? about['severity'], 'medium'),
    service,
    metadata: {
      ...onlyOf(fields, ['html_url']),
      ...onlyOf(about, ['ghsa_id', 'cve_id']),
      ...onlyOf(textsOf(dependency), ['manifest_path']),
    },
  });
}
