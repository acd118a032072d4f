import type { Severity } from '#kernel/domain/severity';
import { numberOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { plainName, variablesOf } from './template-variables.js';
import { firstOf, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

/** The lowest level of each. */
const LEVELS: readonly [level: number, severity: Severity][] = [
  [15, 'critical'],
  [12, 'high'],
  [7, 'medium'],
  [4, 'low'],
  [0, 'info'],
];

/** Security alerts of Wazuh, sent by an integration script. It never sends a resolution. */
export const wazuh = alertSource({
  provider: 'wazuh',
  displayName: 'Wazuh',
  idsUniquePer: 'integration',
  setupGuide: [
    'On the Wazuh server create `/var/ossec/integrations/custom-causeflow`, owned by `root:wazuh` with mode 750, with',
    '',
    '    #!/var/ossec/framework/python/bin/python3',
    '    import sys, urllib.request',
    "    alert = open(sys.argv[1], 'rb').read()",
    "    request = urllib.request.Request(sys.argv[3], alert, {'Content-Type': 'application/json'})",
    '    urllib.request.urlopen(request, timeout=20)',
    '',
    'and in `/var/ossec/etc/ossec.conf`, with the `ingestUrl` of the connect response,',
    '',
    '    <integration>',
    '      <name>custom-causeflow</name> <hook_url>INGEST_URL</hook_url> <level>12</level> <alert_format>json</alert_format>',
    '    </integration>',
    '',
    'Then restart the manager. A rule of an agent is one alert, and while its incident is open each event adds to it. Wazuh does not tell',
    'when an alert is over, so a person resolves the incident. From level 15 on it is critical, from 12 high, from 7 medium, from 4 low.',
    'Service and environment are the labels `service` and `environment` of the agent, else the service is the agent.',
  ].join('\n'),
  notices: (body) => {
    // The integration for Shuffle encloses the alert.
    const alert = objectOf(objectOf(body)['all_fields'] ?? body);
    const fields = { ...linesOf(textsOf(alert)['description']), ...variablesOf(alert) };
    const tags = textsOf(objectOf(alert['agent'])['labels']);
    const title = firstOf(fields, ['ruledescription', 'message', 'title']);
    const agent = firstOf(fields, ['agentid', 'agentname']);
    const rule = firstOf(fields, ['ruleid']) ?? title;
    return noticeOf({
      state: 'firing',
      sourceAlertId: rule && [rule, agent].filter(Boolean).join(':'),
      title,
      description: firstOf(fields, ['fulllog', 'description']),
      severity: severityFrom(fields),
      service: serviceOf(tags) ?? fields['agentname'],
      tags,
      metadata: onlyOf(fields, ['ruleid', 'rulelevel', 'agentid', 'agentname', 'agentip', 'location', 'fulllog']),
    });
  },
}); // prettier-ignore

/** The level of the rule, unless a script has turned it into a word. */
function severityFrom({ rulelevel, severity, level }: Readonly<Record<string, string>>): Severity {
  const number = numberOf(rulelevel ?? level);
  const word = rulelevel === undefined ? severityOf(severity, undefined) : undefined;
  return word ?? LEVELS.find(([lowest]) => number !== undefined && number >= lowest)?.[1] ?? 'medium';
}

/** Some scripts send the alert as lines such as `Rule ID 2902` and `Agent Name web-1`. Those of the log come last. */
function linesOf(text = ''): Record<string, string> {
  const lines = text.matchAll(/^(Rule ID|Level|Agent ID|Agent Name) +(\S.*)$/gm);
  const pairs = [...lines].map(([, name = '', value = '']) => [plainName(name), value.trim()] as const);
  return Object.fromEntries(pairs.reverse());
}
