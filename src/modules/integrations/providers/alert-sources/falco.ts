import { objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { environmentOf, firstOf, onlyOf, severityOf, tagsFrom, textsOf } from './normalize.js';

/** Events of Falco, by its HTTP output or the webhook of Falcosidekick. It never tells that one is over. */
export const falco = alertSource({
  provider: 'falco',
  displayName: 'Falco',
  idsUniquePer: 'integration',
  setupGuide: [
    'With Falcosidekick: `webhook.address` is the `ingestUrl` of the connect response, and `webhook.minimumpriority` keeps out what is no',
    'alert, say `warning`. Without it, in `falco.yaml`: `json_output: true` and `http_output: { enabled: true, url: <ingestUrl> }`. For a',
    'custom header `Authorization: Bearer …` give the same `bearerToken` here. A rule on a host is one alert, and while its incident is open',
    'each event adds to it; Falco does not tell when it is over, so a person (or `PATCH /v1/incidents/{incidentId}`) resolves the incident.',
    'Emergency, Alert and Critical are critical, Error high, Warning medium, Notice low, the others info. The service is the deployment,',
    'else the container, else the host.',
  ].join('\n'),
  notices: (body) => {
    const fields = textsOf(body);
    const output = knownOf(textsOf(objectOf(body)['output_fields']));
    // A process outside of containers is in the container `host`.
    const container = output['container.id'] === 'host' ? [] : ['container.name'];
    const { hostname, priority = '' } = fields;
    const rule = firstOf(fields, ['rule']);
    return noticeOf({
      state: 'firing',
      sourceAlertId: rule && [rule, hostname].filter(Boolean).join(':'),
      title: rule,
      description: firstOf(fields, ['output']),
      severity: /^alert$/i.test(priority) ? 'critical' : severityOf(priority, 'medium'),
      service: firstOf(output, ['k8s.deployment.name', ...container]) ?? hostname,
      environment: environmentOf(output),
      tags: tagsFrom(objectOf(body)['tags']),
      metadata: { ...onlyOf(fields, ['hostname', 'priority', 'source', 'time']), ...output },
    });
  },
}); // prettier-ignore

/** Falco writes `<NA>` for no value. */
function knownOf(output: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(output).filter(([, text]) => text !== '<NA>'));
}
