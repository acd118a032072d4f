import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, lookUp, onlyOf, severityOf, textsOf } from './normalize.js';

type Json = Readonly<Record<string, unknown>>;

const LEVELS: Readonly<Record<string, Severity>> = { sample: 'info' };
const ISSUE_ACTIONS: States = {
  created: 'firing',
  unresolved: 'firing',
  resolved: 'resolved',
};
const METRIC_ACTIONS: Readonly<Record<string, readonly [Notice['state'], Severity]>> = {
  critical: ['firing', 'critical'],
  warning: ['firing', 'medium'],
  resolved: ['resolved', 'medium'],
};

/** Alerts of issues and metrics by an internal integration, and the older WebHooks plugin. */
export const sentry = signedAlertSource({
  provider: 'sentry',
  displayName: 'Sentry',
  // Issues and metric alerts are counted apart.
  idsUniquePer: (body) => (metricAlertIn(body) === undefined ? 'integration' : 'integration/metric_alert'),
  config: AlertSourceConfig,
  setupGuide: [
    'Settings, Custom Integrations, Internal Integration: the webhook URL is the `ingestUrl` of the connect response, Alert Rule',
    'Action on, the resource `issue` ticked. Its client secret goes here as `signingSecret`. An issue is one alert, however often',
    'its events come.',
  ].join('\n'),
  verify: (secret, delivery) => signedInHex(secret, delivery, { header: 'sentry-hook-signature' }),
  notices: (body) => {
    const { action, data } = objectOf(body);
    const { event, issue } = objectOf(data);
    const metricAlert = metricAlertIn(body);
    if (event !== undefined) return ofEvent(objectOf(event));
    if (issue !== undefined) return ofIssue(objectOf(issue), action);
    if (metricAlert !== undefined) return ofMetric(objectOf(metricAlert), objectOf(data), action);
    return ofPlugin(objectOf(body));
  },
}); // prettier-ignore

function metricAlertIn(body: unknown): unknown {
  return objectOf(objectOf(body)['data'])['metric_alert'];
}

function severityOfLevel(level: unknown): Severity {
  return lookUp(LEVELS, level) ?? severityOf(level, 'high');
}

function ofEvent(event: Json): Notice[] {
  const own = textsOf(event);
  const fromUrl = (url: string | undefined, place: RegExp) => (url ? place.exec(url)?.[1] : undefined);
  return noticeOf({
    state: 'firing',
    sourceAlertId: own['issue_id'] ?? fromUrl(own['issue_url'], /\/issues\/(\w+)\/?$/),
    title: firstOf(own, ['title', 'message']),
    description: own['culprit'],
    severity: severityOfLevel(event['level']),
    service: own['project_slug'] ?? fromUrl(own['url'], /\/projects\/[^/]+\/([^/]+)\//),
    tags: { ...tagsOf(event['tags']), ...onlyOf(own, ['environment']) },
    metadata: linkTo(own['web_url']),
  });
}

function ofIssue(issue: Json, action: unknown): Notice[] {
  const own = textsOf(issue);
  return noticeOf({
    state: lookUp(ISSUE_ACTIONS, action),
    sourceAlertId: own['id'],
    title: own['title'],
    description: own['culprit'],
    severity: severityOfLevel(issue['level']),
    service: textOf(objectOf(issue['project'])['slug']),
    metadata: linkTo(firstOf(own, ['web_url', 'permalink'])),
  });
}

function ofMetric(alert: Json, data: Json, action: unknown): Notice[] {
  const [state, severity = 'medium'] = lookUp(METRIC_ACTIONS, action) ?? [];
  const rule = textsOf(alert['alert_rule']);
  const [project] = listOf(alert['projects']);
  return noticeOf({
    state,
    sourceAlertId: textsOf(alert)['id'],
    title: textOf(data['description_title']) ?? firstOf(rule, ['name']),
    description: textOf(data['description_text']),
    severity,
    service: textOf(project),
    tags: rule,
    metadata: linkTo(textOf(data['web_url'])),
  });
}

function ofPlugin(body: Json): Notice[] {
  const own = textsOf(body);
  const event = objectOf(body['event']);
  return noticeOf({
    state: 'firing',
    sourceAlertId: own['id'],
    title: firstOf(own, ['message']) ?? textOf(event['title']),
    description: own['culprit'],
    severity: severityOfLevel(body['level']),
    service: firstOf(own, ['project_slug', 'project']),
    tags: { ...tagsOf(event['tags']), ...onlyOf(textsOf(event), ['environment']) },
    metadata: linkTo(own['url']),
  });
}

function linkTo(url: string | undefined): Notice['metadata'] {
  return url ? { url } : {};
}

/** Sentry's tags are `[name, value]` pairs. */
function tagsOf(pairs: unknown): Record<string, string> {
  return Object.fromEntries(
    listOf(pairs).flatMap((pair) => {
      const [name, value] = listOf(pair);
      return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
