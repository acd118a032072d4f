import { invalid } from '#kernel/domain/errors';
import type { Notice } from '../../api.js';
import { HttpLogin } from '../http-login.js';
import type { Provider } from '../provider.js';
import { objectOf } from '../read-json.js';
import { valueAt } from '../value-at.js';
import { type AlertSourceOptions, catalogEntryOf, parsersOf, verifyLogin } from './alert-source.js';
import { GenericConfig, type GenericFields } from './generic-config.js';
import { alertsOf, noticeOf } from './notice.js';
import { qualifiedVariablesOf } from './template-variables.js';
import {
  firstOf,
  idOf,
  isOver,
  pairsOf,
  serviceOf,
  severityOfPriority,
  tagsFrom,
  textsOf,
} from './normalize.js';

/** What tools call the fields of an alert, the best first, in lower-case letters. */
const NAMES: Readonly<Record<keyof GenericFields, readonly string[]>> = {
  sourceAlertId: [
    'fingerprint', 'dedupkey', 'deduplicationkey', 'alertuid', 'alertid', 'alias', 'incidentkey', 'incidentid', 'problemid', 'issueid',
    'dataid', 'payloadid', 'monitorid', 'checkid', 'ruleid', 'uid', 'id',
  ],
  title: [
    'title', 'alerttitle', 'incidenttitle', 'problemtitle', 'eventtitle', 'summary', 'alertname', 'subject', 'headline',
    'annotationssummary', 'labelsalertname', 'name', 'rulename', 'conditionname', 'monitorname', 'checkname', 'alertmessage', 'messagetitle', 'alert', 'message',
    'text', 'displayname',
    'description',
  ],
  description: ['description', 'alertdescription', 'annotationsdescription', 'details', 'message', 'body', 'text', 'reason', 'summary'],
  state: [
    'state', 'status', 'alertstate', 'alertstatus', 'currentstate', 'newstate', 'transition', 'eventaction', 'alertaction', 'action',
    'alerttype', 'eventtype', 'actiontype', 'triggertype', 'resolutionstate', 'monitorstatus', 'event', 'type',
  ],
  severity: [
    'severity', 'alertseverity', 'labelsseverity', 'priority', 'alertpriority', 'prioritysummary', 'priorityname', 'level', 'urgency',
    'criticality', 'triggertype',
  ],
  service: ['service', 'servicename', 'servicesummary', 'app', 'application', 'applicationname'],
  environment: ['environment', 'environmentname', 'env', 'stage'],
}; // prettier-ignore
/** What some tools put around the alert, the best last. */
const WRAPPERS = ['alert', 'incident', 'event', 'problem', 'issue', 'data', 'payload'];
/** A severity that tells the state, where nothing else does. */
const OVER = /^(?:ok|clear(?:ed)?|resolved|recover(?:ed|y))$/i;
/** What stands for the service where none is named. */
const COMPONENTS = ['component', 'project', 'entity', 'host', 'hostname'];

const OPTIONS: AlertSourceOptions = {
  provider: 'generic',
  displayName: 'Generic webhook',
  idsUniquePer: 'integration',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'For a tool that is not in the catalogue: its webhook sends JSON or a form to the `ingestUrl` of the connect response. For basic',
    'authentication or a header `Authorization: Bearer …` there give the same here.',
    '',
    'Without a config the fields are found by their usual names, whatever their case and punctuation, at the top of the body or in an',
    'object such as `alert`, `incident`, `event`, `data` or `event.data`:',
    '',
    '| Field           | Usual names                                                                                            |',
    '| --------------- | ------------------------------------------------------------------------------------------------------ |',
    '| `sourceAlertId` | `fingerprint`, `dedup_key`, `alert_uid`, `alert_id`, `alias`, `incident_id`, `monitor.id`, `uid`, `id` |',
    '| `title`         | `title`, `summary`, `alertname`, `subject`, `name`, `message`                                          |',
    '| `description`   | `description`, `details`, `message`, `body`, `text`, `reason`                                          |',
    '| `state`         | `state`, `status`, `transition`, `action`, `event_type`, `event`, `type`, or `resolved: true`          |',
    '| `severity`      | `severity`, `priority`, `level`, `urgency`; 1 to 5 is P1 to P5, which is critical to info              |',
    '| `service`       | `service`, `app`, `application`, else of `tags` or `labels`, else `component`, `project`, `host`       |',
    '| `environment`   | `environment`, `env`, `stage`, else of `tags` or `labels`                                              |',
    '',
    'For other bodies give dotted paths, for example `{ "list": "data.alerts", "fields": { "sourceAlertId": "monitor.id", "title":',
    '"labels.alertname" }, "resolvedValues": ["OK"] }`. Entries of lists are numbered from 0. `list` is the list of alerts in a body that',
    'has several; the other paths start at the alert. A field whose path is not in the body is found by its usual names.',
    '',
    'An alert is known by its `sourceAlertId`, else by a hash of title and service, which must then be the same when it is resolved. States',
    'such as `resolved`, `recovered`, `closed`, `cleared`, `ok` and `up` resolve; any other fires, and so does an alert without a state',
    'unless its severity is `ok` or `clear`. Its severity is medium without a known one. A body without an id and a title is refused.',
    '',
    'The config holds for the `ingestUrl`. A body that comes with an API key in place of it is read by the usual names.',
  ].join('\n'),
};

export const generic: Provider<GenericConfig, HttpLogin> = {
  ...catalogEntryOf(OPTIONS),
  config: GenericConfig,
  credentials: HttpLogin,
  webhooks: { ...parsersOf(OPTIONS), verify: verifyLogin, notices: noticesOf },
};

/** Nothing of a body that cannot be read at all would be seen by anyone, so the sender is told. */
function noticesOf(body: unknown, config: GenericConfig = {}): Notice[] {
  const alerts = alertsIn(body, config.list);
  const notices = alerts.flatMap((alert) => notice(alert, config));
  if (alerts.length > 0 && notices.length === 0)
    throw invalid('title', 'was not found; set its path in fields.title when you connect the integration');
  return notices;
}

function alertsIn(body: unknown, path: string | undefined): readonly unknown[] {
  if (path !== undefined) return alertsOf(valueAt(body, path.split('.')), path);
  if (Array.isArray(body)) return alertsOf(body, 'body');
  const { alerts } = objectOf(body);
  const isGroup = Array.isArray(alerts) && Object.keys(objectOf(alerts[0])).length > 0;
  return isGroup ? alertsOf(alerts, 'alerts') : [body];
}

function notice(alert: unknown, { fields: paths = {}, resolvedValues }: GenericConfig): Notice[] {
  // An event may have the alert in its data.
  const inner = unwrapped(unwrapped(alert));
  const variables = qualifiedVariablesOf(inner);
  const tags = { ...labelsOf(inner['tags']), ...labelsOf(inner['labels']) };
  const read = (field: keyof GenericFields) => textAt(alert, paths[field]) ?? firstOf(variables, NAMES[field]);
  const [title, description] = [read('title'), read('description')];
  const severity = read('severity') ?? firstOf(tags, ['severity', 'priority', 'level']);
  const state = read('state') ?? (OVER.test(severity ?? '') ? severity : undefined);
  const service = read('service') ?? serviceOf(tags) ?? firstOf(variables, COMPONENTS);
  const isResolved = resolvedValues?.some((value) => value.trim().toLowerCase() === state?.trim().toLowerCase());
  return noticeOf({
    state: (isResolved ?? (isOver(state) || variables['resolved'] === 'true')) ? 'resolved' : 'firing',
    sourceAlertId: read('sourceAlertId') ?? (title && idOf({ title, service: service ?? '' })),
    title,
    description,
    severity: severityOfPriority(severity),
    service,
    environment: read('environment'),
    tags,
    metadata: withoutThese(textsOf(inner), [title, description]),
  });
} // prettier-ignore

function unwrapped(alert: unknown): Readonly<Record<string, unknown>> {
  const outer = objectOf(alert);
  const inner = WRAPPERS.filter((name) => name in outer).flatMap((name) =>
    Object.entries(objectOf(outer[name])),
  );
  // Several times as fast as the spread of two objects, which counts in a body of thousands of alerts.
  return inner.length === 0 ? outer : Object.fromEntries([...inner, ...Object.entries(outer)]);
}

/** A blank text counts as absent, like in a field that is found by name. */
function textAt(alert: unknown, path: string | undefined): string | undefined {
  return path === undefined ? undefined : firstOf(textsOf({ at: valueAt(alert, path.split('.')) }), ['at']);
}

/** As an object, as a list of pairs, or as `service:checkout, env:production`. */
function labelsOf(labels: unknown): Record<string, string> {
  return { ...tagsFrom(labels), ...pairsOf(labels) };
}

function withoutThese(
  texts: Readonly<Record<string, string>>,
  known: readonly (string | undefined)[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => !known.includes(text)));
}
