import type { Severity } from '#kernel/domain/severity';
import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { plainName, variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, severityOf, tagsFrom } from './normalize.js';

type Texts = Readonly<Record<string, string>>;

/** `$ALERT_TRANSITION` in lower-case letters, and `$ALERT_TYPE` for templates that leave the transition out. */
const STATES: States = {
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

/** `[P2] [Triggered on {host:web-1}] Disk is full`: the prefix that Datadog adds to the name of a monitor. */
const TITLE =
  /^(?:\[P[1-5]\]\s*)?(?:\[((?:Re-)?(?:Triggered|Warn|No data)|Renotify|Recovered)(?: on \{([^}\]]*)\})?[^\]]*\]\s*)?/i;
/** Of a notification that someone sent to test a monitor. */
const TEST = /^\[TEST\]/;
/** The link to the monitor and its group at the end of every alert message. */
const MONITOR = /\/monitors[#/](\d+)(?:\?[^\s)\]]*?\bgroup=([^&\s)\]]+))?/;

/** The webhooks of Datadog's monitors. */
export const datadog = alertSource({
  provider: 'datadog',
  displayName: 'Datadog',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Integrations, Webhooks, New: the URL is the `ingestUrl` of the connect response, the payload',
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
    const fields = variablesOf(body);
    const title = firstOf(fields, ['eventtitle', 'alerttitle', 'title']) ?? '';
    const [prefix = '', titleTransition, titleGroup] = TITLE.exec(title) ?? [];
    const name = title.slice(prefix.length);
    const text = withoutFence(firstOf(fields, ['textonlymsg', 'eventmsg', 'eventmessage', 'body', 'message', 'description']) ?? '');
    const transition = plainName(firstOf(fields, ['alerttransition', 'transition']) ?? titleTransition ?? fields['alerttype'] ?? '');
    const tags = {
      ...tagsFrom(fields['tags'] ?? fields['eventtags'] ?? objectOf(body)['tags']),
      ...tagsFrom(scopeOf(fields) ?? titleGroup),
    };
    const link = firstOf(fields, ['link', 'url', 'sourceurl', 'alerturl', 'eventurl']);
    return noticeOf({
      state: TEST.test(title) ? undefined : lookUp(STATES, transition),
      sourceAlertId: idOf(fields, `${link ?? ''} ${text}`, name, titleGroup),
      title: name,
      description: text || undefined,
      severity: severityFrom(fields) ?? lookUp(SEVERITIES, transition) ?? severityOf(fields['alerttype'], 'medium'),
      service: firstOf(fields, ['service']),
      environment: firstOf(fields, ['environment', 'env']),
      tags,
      metadata: { ...(link && { link }), ...onlyOf(fields, ['alertmetric', 'alertquery', 'alertstatus', 'hostname', 'snapshot', 'eventtype']) },
    });
  },
}); // prettier-ignore

/** Datadog encloses Markdown messages in `%%%`. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  const isFenced = trimmed.length >= 6 && trimmed.startsWith('%%%') && trimmed.endsWith('%%%');
  return isFenced ? trimmed.slice(3, -3).trim() : trimmed;
}

/**
 * The same from the trigger to the recovery, which the id of the event is not. A template without these variables still has the
 * link to monitor and group in the message, and the group in the title.
 */
function idOf(fields: Texts, text: string, name: string, titleGroup: string | undefined): string | undefined {
  const cycle = firstOf(fields, ['alertcyclekey', 'cyclekey', 'deduplicationkey', 'dedupkey']);
  if (cycle !== undefined) return cycle;
  const [, linked, group = titleGroup] = MONITOR.exec(text) ?? [];
  const monitor = firstOf(fields, ['alertid', 'monitorid']) ?? linked;
  const aggregate = firstOf(fields, ['aggregkey', 'aggregate']);
  if (monitor === undefined && aggregate !== undefined) return aggregate;
  const [known, scope] = [monitor ?? name, scopeOf(fields) ?? (group && decoded(group))];
  return known && scope ? `${known}:${scope}` : known;
}

function decoded(group: string): string {
  try {
    return decodeURIComponent(group);
  } catch {
    return group;
  }
}

/** `*` is the scope of a monitor without groups; undefined in a template without it. */
function scopeOf(fields: Texts): string | undefined {
  const scope = firstOf(fields, ['alertscope', 'scope']);
  return scope === '*' ? '' : scope;
}

/** `priority` is that of the event (normal or low), unless the template sets it to the monitor's. */
function severityFrom(fields: Texts): Severity | undefined {
  const [priority] = /^P[1-5]$/i.exec(fields['priority'] ?? '') ?? [];
  return severityOf(firstOf(fields, ['alertpriority', 'severity']) ?? priority, undefined);
}
