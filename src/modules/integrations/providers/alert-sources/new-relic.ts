import { listOf, objectOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { qualifiedVariablesOf } from './template-variables.js';
import { firstOf, lookUp, onlyOf, severityOf, textsOf } from './normalize.js';

const STATES: States = {
  created: 'firing',
  activated: 'firing',
  open: 'firing',
  test: 'firing',
  closed: 'resolved',
  resolved: 'resolved',
};

export const newRelic = alertSource({
  provider: 'new_relic',
  displayName: 'New Relic',
  setupGuide: [
    'Alerts, Workflows, a destination of the kind Webhook with the `ingestUrl` of the connect response, and the default template,',
    'of which `id`, `title`, `priority`, `state` and `impactedEntities` are read. Other templates are understood when they name the',
    'variables alike, such as `issueId` and `issueTitle`, and so are older notification channels and templates that imitate them.',
  ].join('\n'),
  notices: (body) => {
    const fields = qualifiedVariablesOf(firstsOf(body));
    const { incidentid: incident } = fields;
    const legacyId = incident && [fields['accountid'], incident].filter(Boolean).join(':');
    const url = firstOf(fields, ['issueurl', 'incidenturl', 'url']);
    return noticeOf({
      state: lookUp(STATES, firstOf(fields, ['state', 'currentstate', 'status'])?.toLowerCase()),
      sourceAlertId: legacyId ?? firstOf(fields, ['id', 'issueid']),
      title: firstOf(fields, ['title', 'issuetitle', 'name', 'conditionname', 'conditionnames', 'description', 'details']),
      description: firstOf(fields, ['details', 'description']),
      severity: severityOf(firstOf(fields, ['priority', 'severity']), 'medium'),
      service: firstOf(fields, ['impactedentities', 'entitynames', 'targetsname']),
      tags: textsOf(objectOf(listOf(objectOf(body)['targets'])[0])['labels']),
      metadata: { ...(url && { url }), ...onlyOf(fields, ['runbookurl', 'policyname']) },
    });
  },
}); // prettier-ignore

/** Of an issue with several alerts a template has lists, such as all titles. */
function firstsOf(body: unknown): Readonly<Record<string, unknown>> {
  const fields = Object.entries(objectOf(body));
  return Object.fromEntries(
    fields.map(([name, value]) => [name, Array.isArray(value) ? (value as unknown[])[0] : value]),
  );
}
