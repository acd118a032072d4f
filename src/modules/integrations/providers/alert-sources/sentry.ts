import type { Severity } from '#kernel/domain/severity';
import type { Notice } from '../../api.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { signedInHex } from './signatures.js';
import { environmentOf, firstOf, lookUp, severityOf, textsOf } from './normalize.js';

type Json = Readonly<Record<string, unknown>>;

const LEVELS: Readonly<Record<string, Severity>> = { sample: 'info' };
const METRIC_ACTIONS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  warning: 'medium',
  resolved: 'medium',
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
  const id = own['issue_id'] ?? fromUrl(own['issue_url'], /\/issues\/(\w+)\/?$/);
  const tags = tagsOf(event['tags']);
  const service = own['project_slug'] ?? fromUrl(own['url'], /\/projects\/[^/]+\/([^/]+)\//);
  return noticeOf(id, 'firing', firstOf(own, ['title', 'message']), own['culprit'], severityOfLevel(event['level']), service, {
    ...tags,
    ...(own['environment'] && { environment: own['environment'] }),
  }); // prettier-ignore
}

function ofIssue(issue: Json, action: unknown): Notice[] {
  const states: Readonly<Record<string, Notice['state']>> = {
    created: 'firing',
    unresolved: 'firing',
    resolved: 'resolved',
  };
  const state = lookUp(states, action);
  if (state === undefined) return [];
  const own = textsOf(issue);
  const project = textOf(objectOf(issue['project'])['slug']);
  return noticeOf(
    own['id'],
    state,
    own['title'],
    own['culprit'],
    severityOfLevel(issue['level']),
    project,
    {},
  );
}

function ofMetric(alert: Json, data: Json, action: unknown): Notice[] {
  const severity = lookUp(METRIC_ACTIONS, action);
  if (severity === undefined) return [];
  const rule = textsOf(alert['alert_rule']);
  const [project] = listOf(alert['projects']);
  const title = textOf(data['description_title']) ?? firstOf(rule, ['name']);
  const state = action === 'resolved' ? 'resolved' : 'firing';
  return noticeOf(textsOf(alert)['id'], state, title, textOf(data['description_text']), severity, textOf(project), rule);
} // prettier-ignore

function ofPlugin(body: Json): Notice[] {
  const own = textsOf(body);
  const event = objectOf(body['event']);
  const environment = textOf(event['environment']);
  const service = firstOf(own, ['project_slug', 'project']);
  const title = firstOf(own, ['message']) ?? textOf(event['title']);
  return noticeOf(own['id'], 'firing', title, own['culprit'], severityOfLevel(body['level']), service, {
    ...tagsOf(event['tags']),
    ...(environment !== undefined && { environment }),
  });
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

function noticeOf(
  id: string | undefined,
  state: Notice['state'],
  title: string | undefined,
  description: string | undefined,
  severity: Severity,
  service: string | undefined,
  tags: Readonly<Record<string, string>>,
): Notice[] {
  if (id === undefined || id === '') return [];
  return [
    {
      state,
      sourceAlertId: id,
      title: title ?? '',
      description: description ?? title ?? '',
      severity,
      service: service ?? null,
      environment: environmentOf(tags),
      tags,
      metadata: {},
    },
  ];
}
