import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, severityOf } from './normalize.js';

/** `NOTIFICATIONTYPE`, or the state for scripts that leave it out. */
const STATES: States = {
  problem: 'firing',
  recovery: 'resolved',
  ok: 'resolved',
  up: 'resolved',
  warn: 'firing',
  warning: 'firing',
  crit: 'firing',
  critical: 'firing',
  unknown: 'firing',
  down: 'firing',
  unreach: 'firing',
  unreachable: 'firing',
};

/** Problems of Checkmk's hosts and services, sent by a notification script. */
export const checkmk = alertSource({
  provider: 'checkmk',
  displayName: 'Checkmk',
  idsUniquePer: 'integration',
  setupGuide: [
    'As the user of the Checkmk site create `~/local/share/check_mk/notifications/causeflow`, executable, with',
    '',
    '    #!/usr/bin/env python3',
    '    # CauseFlow',
    '    import json, os, urllib.request',
    "    names = 'NOTIFICATIONTYPE OMD_SITE HOSTNAME HOSTSTATE HOSTOUTPUT SERVICEDESC SERVICESTATE SERVICEOUTPUT'",
    "    body = {name: os.environ.get('NOTIFY_' + name, '') for name in names.split()}",
    "    headers = {'Content-Type': 'application/json'}",
    "    request = urllib.request.Request(os.environ['NOTIFY_PARAMETER_1'], json.dumps(body).encode(), headers)",
    '    urllib.request.urlopen(request, timeout=20)',
    '',
    'Setup, Notifications, Add rule: the method is CauseFlow, its first parameter the `ingestUrl` of the connect response. An alert is a',
    'host, or a service of a host. CRIT is critical, DOWN high, the others medium; the service is the host. Acknowledgements,',
    'downtimes and flapping are ignored.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const host = firstOf(fields, ['hostname', 'host']);
    const check = firstOf(fields, ['servicedesc', 'service']);
    const state = firstOf(fields, ['servicestate', 'hoststate', 'severity', 'status', 'state']) ?? '';
    const named = [host, check].filter(Boolean).join(' / ');
    return noticeOf({
      state: lookUp(STATES, (firstOf(fields, ['notificationtype']) ?? state).toLowerCase()),
      sourceAlertId: host && [firstOf(fields, ['omdsite', 'site']), host, check].filter(Boolean).join(':'),
      title: firstOf(fields, ['summary']) ?? [named, state].filter(Boolean).join(' is '),
      description: firstOf(fields, ['serviceoutput', 'hostoutput', 'output']),
      severity: /^down$/i.test(state) ? 'high' : severityOf(state, 'medium'),
      service: host,
      environment: fields['environment'],
      metadata: onlyOf(fields, ['servicedesc', 'service', 'event', 'output', 'longoutput', 'address', 'url', 'site']),
    });
  },
}); // prettier-ignore
