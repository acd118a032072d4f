import type { Severity } from '#kernel/domain/severity';
import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { variablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, serviceOf, tagsFrom, textsOf } from './normalize.js';

const STATES: States = { open: 'firing', resolved: 'resolved' };
const SEVERITIES: Readonly<Record<string, Severity>> = {
  availability: 'critical',
  error: 'high',
  monitoring_unavailable: 'high',
  performance: 'medium',
  resource_contention: 'medium',
  custom_alert: 'medium',
  info: 'info',
};

/** Problems of Dynatrace, sent by a custom integration. */
export const dynatrace = alertSource({
  provider: 'dynatrace',
  displayName: 'Dynatrace',
  // Each environment counts the problem ids that it displays.
  idsUniquePer: (body) => (pidOf(variablesOf(body)) === undefined ? 'integration' : 'provider'),
  setupGuide: [
    'Settings, Integration, Problem notifications, Add: the type is Custom integration, the URL is the `ingestUrl` that connecting',
    'answers, a notification is also sent when a problem is closed, and the payload is',
    '',
    '    {',
    '      "State": "{State}", "PID": "{PID}", "ProblemID": "{ProblemID}", "ProblemTitle": "{ProblemTitle}",',
    '      "ProblemSeverity": "{ProblemSeverity}", "ProblemURL": "{ProblemURL}", "Tags": "{Tags}",',
    '      "ProblemDetailsText": "{ProblemDetailsText}", "ImpactedEntities": {ImpactedEntities}',
    '    }',
    '',
    'For an HTTP header `Authorization: Bearer …` give the same `bearerToken` here. AVAILABILITY is critical, ERROR high, the others',
    'medium. The service is the tag `service`, else the first impacted service, else the first impacted entity.',
  ].join('\n'),
  notices: (body) => {
    const fields = variablesOf(body);
    // Imported tags have their origin in front: `[Kubernetes]app:checkout`.
    const tags = tagsFrom(fields['tags']?.replace(/(^|,)\s*\[[^\],]*\]/g, '$1'));
    return noticeOf({
      state: lookUp(STATES, fields['state']?.toLowerCase()),
      sourceAlertId: pidOf(fields) ?? firstOf(fields, ['problemid']),
      title: fields['problemtitle'],
      description: firstOf(fields, ['problemdetailstext', 'problemimpact']),
      // The details of a problem in JSON have it, too.
      severity: lookUp(SEVERITIES, firstOf(fields, ['problemseverity', 'severitylevel'])?.toLowerCase()) ?? 'medium',
      service: serviceOf(tags) ?? impactedIn(body),
      tags,
      metadata: onlyOf(fields, ['problemid', 'problemurl', 'problemimpact', 'problemseverity', 'impactedentity']),
    });
  },
}); // prettier-ignore

function pidOf(fields: Readonly<Record<string, string>>): string | undefined {
  return firstOf(fields, ['pid']);
}

/** As a CloudEvent all lies in `data`. */
function impactedIn(body: unknown): string | undefined {
  const { ImpactedEntities: own, data } = objectOf(body);
  const entities = listOf(own ?? objectOf(data)['ImpactedEntities']).map(textsOf);
  const impacted = entities.find(({ type }) => type === 'SERVICE') ?? entities[0];
  return impacted?.['name'];
}
