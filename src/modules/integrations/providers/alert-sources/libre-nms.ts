import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, severityOf } from './normalize.js';

/** 2 is acknowledged; 3, 4 and 5 are worse, better and changed. */
const STATES: States = {
  0: 'resolved',
  1: 'firing',
  3: 'firing',
  4: 'firing',
  5: 'firing',
};

/** Alerts of LibreNMS, by its API transport. */
export const libreNms = alertSource({
  provider: 'libre_nms',
  displayName: 'LibreNMS',
  idsUniquePer: 'integration',
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Alerts, Alert transports, Create: the type is API, the method POST, the URL the `ingestUrl` of the connect response, the header',
    '`Content-Type=application/json`, and the body',
    '',
    '    {',
    '      "alert_id": "{{ $alert_id }}", "device_id": "{{ $device_id }}", "rule_id": "{{ $rule_id }}", "state": "{{ $state }}",',
    '      "severity": "{{ $severity }}", "title": "{{ $title }}", "name": "{{ $name }}", "hostname": "{{ $hostname }}",',
    '      "sysName": "{{ $sysName }}", "ip": "{{ $ip }}", "location": "{{ $location }}"',
    '    }',
    '',
    'Then name the transport in each rule. For a user name and password there give the same here. An alert is a rule of a device, and',
    'its service the device. A variable that can have several lines, such as `$msg`, would make the body invalid.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    const { deviceid: device, ruleid: rule } = fields;
    return noticeOf({
      state: lookUp(STATES, fields['state']),
      sourceAlertId: firstOf(fields, ['alertid']) ?? (device && rule ? `${device}:${rule}` : fields['id']),
      title: firstOf(fields, ['title', 'name']),
      description: firstOf(fields, ['msg', 'faults', 'title']),
      severity: severityOf(fields['severity'], 'medium'),
      service: firstOf(fields, ['hostname', 'sysname', 'display', 'ip']),
      environment: fields['environment'],
      metadata: onlyOf(fields, ['name', 'sysname', 'ip', 'os', 'hardware', 'type', 'location', 'uptimelong', 'elapsed']),
    });
  },
}); // prettier-ignore
