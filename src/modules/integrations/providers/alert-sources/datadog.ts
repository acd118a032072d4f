import type { Severity } from '#kernel/domain/severity';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { plainName, variablesOf } from './template-variables.js';
import { environmentOf, firstOf, meaningOf, onlyOf, serviceOf, severityOf, tagsFrom } from './words.js';

type Texts = Readonly<Record<string, string>>;

/** `$ALERT_TRANSITION` in lower-case letters, and `$ALERT_TYPE` for templates that leave the transition out. */
const STATES: Readonly<Record<string, 'firing' | 'resolved'>> = {
  triggered: 'firing',
  retriggered: 'firing',
  warn: 'firing',
  rewarn: 'firing',
  nodata: 'firing',
  renodata: 'firing',
  renotify: 'firing',
  recovered: 'resolved',
  error: 'firing',
  warning: 'firing',
  success: 'resolved',
};
const SEVERITIES: Readonly<Record<string, Severity>> = { warn: 'medium', rewarn: 'medium' };

/** `[P2] [Triggered on {host:web-1}] Disk is full`: what Datadog puts before the name of a monitor. */
const TITLE = /^(?:\[P[1-5]\]\s*)?(?:\[((?:Re-)?(?:Triggered|Warn|No data)|Renotify|Recovered)[^\]]*\]\s*)?/i;
/** The link to a monitor and its group, which the message of every alert ends in. */
const MONITOR = /\/monitors[#/](\d+)(?:\?[^\s)\]]*?\bgroup=([^&\s)\]]+))?/;

/** The webhooks of Datadog's monitors. */
export const datadog = alertSource({
  provider: 'datadog',
  displayName: 'Datadog',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Integrations, Webhooks, New: the URL is the `ingestUrl` that connecting answers, the payload',
    '',
    '    {',
    '      "alert_id": "$ALERT_ID", "alert_cycle_key": "$ALERT_CYCLE_KEY", "alert_transition": "$ALERT_TRANSITION",',
    '      "alert_priority": "$ALERT_PRIORITY", "alert_type": "$ALERT_TYPE", "alert_scope": "$ALERT_SCOPE",',
    '      "title": "$EVENT_TITLE", "body": "$TEXT_ONLY_MSG", "tags": "$TAGS", "link": "$LINK",',
    '      "alert_metric": "$ALERT_METRIC", "alert_query": "$ALERT_QUERY", "hostname": "$HOSTNAME"',
    '    }',
    '',
    'and `@webhook-<name>` in the message of each monitor. For a custom header `{"Authorization": "Bearer …"}` give the same',
    '`bearerToken` here. Other templates are understood when their fields are named after the variables; the default payload is, too.',
    'Triggered, Warn, No Data and Renotify fire, Recovered resolves. Priority P1 to P5 is critical to info; without one, an error is',
    'high and a warning is medium. Service and environment are the tags `service` and `env`.',
  ].join('\n'),
  notices: (body) => {
    const told = variablesOf(body);
    const title = firstOf(told, ['eventtitle', 'alerttitle', 'title']) ?? '';
    const prefix = TITLE.exec(title);
    const name = title.slice(prefix?.[0].length);
    const text = withoutFence(firstOf(told, ['textonlymsg', 'eventmsg', 'body', 'message', 'description']) ?? '');
    const transition = plainName(firstOf(told, ['alerttransition', 'transition']) ?? prefix?.[1] ?? told['alerttype'] ?? '');
    const tags = {
      ...tagsFrom(told['tags'] ?? told['eventtags'] ?? objectOf(body)['tags']),
      ...tagsFrom(scopeOf(told)),
    };
    return noticeOf({
      state: meaningOf(STATES, transition),
      sourceAlertId: idOf(told, text, name),
      title: name,
      description: text || undefined,
      severity: severityFrom(told) ?? meaningOf(SEVERITIES, transition) ?? severityOf(told['alerttype'], 'medium'),
      service: firstOf(told, ['service']) ?? serviceOf(tags) ?? undefined,
      environment: firstOf(told, ['environment', 'env']) ?? environmentOf(tags) ?? undefined,
      tags,
      metadata: onlyOf(told, ['link', 'alertmetric', 'alertquery', 'alertstatus', 'hostname', 'snapshot', 'eventtype']),
    });
  },
}); // prettier-ignore

/** `%%%` is how Datadog marks a message that is Markdown. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  const isFenced = trimmed.length >= 6 && trimmed.startsWith('%%%') && trimmed.endsWith('%%%');
  return isFenced ? trimmed.slice(3, -3).trim() : trimmed;
}

/**
 * What is the same from the trigger to the recovery. The id of the event is not; without the variables for it, the link in
 * the message tells monitor and group.
 */
function idOf(told: Texts, text: string, name: string): string | undefined {
  const cycle = firstOf(told, ['alertcyclekey', 'cyclekey']);
  if (cycle !== undefined) return cycle;
  const [, linked, group] = MONITOR.exec(`${told['link'] ?? ''} ${text}`) ?? [];
  const monitor = firstOf(told, ['alertid', 'monitorid']) ?? linked;
  if (monitor === undefined) return firstOf(told, ['aggregkey', 'aggregate']) ?? name;
  const scope = scopeOf(told) ?? (group && decoded(group));
  return scope === undefined ? monitor : `${monitor}:${scope}`;
}

function decoded(group: string): string {
  try {
    return decodeURIComponent(group);
  } catch {
    return group;
  }
}

/** `*` stands for all of a monitor without groups. */
function scopeOf(told: Texts): string | undefined {
  const scope = firstOf(told, ['alertscope', 'scope']);
  return scope === '*' ? undefined : scope;
}

/** `priority` is the event's, normal or low, unless the template gives it the monitor's. */
function severityFrom(told: Texts): Severity | undefined {
  const [priority] = /^P[1-5]$/i.exec(told['priority'] ?? '') ?? [];
  return severityOf(firstOf(told, ['alertpriority', 'severity']) ?? priority, undefined);
}
