import type { Severity } from '#kernel/domain/severity';
import { jsonIn, listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { plainName, variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, tagsFrom, textsOf } from './normalize.js';

/** `{EVENT.VALUE}` and `{EVENT.STATUS}`. */
const STATES: States = {
  1: 'firing',
  0: 'resolved',
  problem: 'firing',
  resolved: 'resolved',
  ok: 'resolved',
};
/** `{EVENT.NSEVERITY}` and `{EVENT.SEVERITY}`. */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  0: 'info',
  1: 'info',
  2: 'low',
  3: 'medium',
  4: 'high',
  5: 'critical',
  notclassified: 'info',
  information: 'info',
  warning: 'low',
  average: 'medium',
  high: 'high',
  disaster: 'critical',
};

/** Problems of Zabbix, sent by a media type of the kind webhook. */
export const zabbix = alertSource({
  provider: 'zabbix',
  displayName: 'Zabbix',
  idsUniquePer: 'integration',
  setupGuide: [
    'Alerts, Media types, Create: the type is Webhook, the parameters are `url` with the `ingestUrl` of the connect response and',
    '',
    '    event_id {EVENT.ID}                  event_value {EVENT.VALUE}          event_update_status {EVENT.UPDATE.STATUS}',
    '    event_name {EVENT.NAME}              event_nseverity {EVENT.NSEVERITY}  event_tags {EVENT.TAGSJSON}',
    '    host_name {HOST.NAME}                trigger_id {TRIGGER.ID}            alert_message {ALERT.MESSAGE}',
    '',
    'and the script is',
    '',
    '    var params = JSON.parse(value), url = params.url, request = new HttpRequest();',
    '    delete params.url;',
    "    request.addHeader('Content-Type: application/json');",
    '    request.post(url, JSON.stringify(params));',
    "    if (request.getStatus() > 299) throw 'CauseFlow answered ' + request.getStatus();",
    "    return 'OK';",
    '',
    'Then an action whose operations and recovery operations send to a user with that media. A script that also adds the header',
    '`Authorization: Bearer …` is checked by the same `bearerToken` here. Disaster is critical, High high, Average medium, Warning low.',
    'The service is the tag `service`, else the host. Updates of a problem are ignored.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const tags = tagsOf(body, firstOf(fields, ['eventtags', 'tags']));
    const severity = firstOf(fields, ['eventnseverity', 'nseverity', 'eventseverity', 'triggerseverity', 'severity']);
    const isUpdate = firstOf(fields, ['eventupdatestatus', 'updatestatus', 'eventisupdate', 'eventupdate']) === '1';
    const state = firstOf(fields, ['eventvalue', 'eventstatus', 'status', 'triggerstatus']);
    return noticeOf({
      state: isUpdate ? undefined : lookUp(STATES, state?.toLowerCase()),
      sourceAlertId: idOf(fields),
      title: firstOf(fields, ['eventname', 'triggername', 'trigger', 'alertsubject', 'subject', 'title', 'name']),
      description: firstOf(fields, ['alertmessage', 'message', 'triggerdescription', 'description', 'opdata', 'item']),
      severity: lookUp(SEVERITIES, plainName(severity ?? '')) ?? 'medium',
      service: serviceOf(tags) ?? firstOf(fields, ['service', 'hostname', 'host', 'hosthost']),
      tags,
      metadata: onlyOf(fields, ['link', 'triggerurl', 'hostname', 'hostip', 'item', 'triggerid']),
    });
  },
}); // prettier-ignore

/**
 * A recovery has the event and trigger ids of its problem. Every Zabbix server counts its events from 1; the trigger helps to tell
 * servers apart that share an API key. Templates without an event id may have it in the link, or at least the trigger id.
 */
function idOf(fields: Readonly<Record<string, string>>): string | undefined {
  const link = firstOf(fields, ['link', 'url', 'triggerurl']) ?? '';
  const event = firstOf(fields, ['eventid', 'problemid']) ?? /[?&]eventid=(\d+)/.exec(link)?.[1];
  const trigger = firstOf(fields, ['triggerid']) ?? /[?&]triggerid=(\d+)/.exec(link)?.[1];
  if (event === undefined && trigger === undefined) return undefined;
  return [trigger, event ?? firstOf(fields, ['hostname', 'host'])].filter(Boolean).join(':');
}

/** `{EVENT.TAGSJSON}` is a list of `{ tag, value }`, in a text or as it is; `{EVENT.TAGS}` is `service:checkout, env:production`. */
function tagsOf(body: unknown, text = ''): Record<string, string> {
  const { event_tags: list } = objectOf(body);
  if (!Array.isArray(list) && !text.startsWith('[')) return tagsFrom(text);
  const pairs = Array.isArray(list) ? list : listOf(jsonIn(text));
  return Object.fromEntries(
    pairs.map(textsOf).flatMap(({ tag, value }) => (tag ? [[tag, value || 'true']] : [])),
  );
}
