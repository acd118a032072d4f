import { listOf, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, severityOf, textsOf } from './normalize.js';

const STATES: States = {
  CREATED: 'firing',
  ACTIVATED: 'firing',
  CLOSED: 'resolved',
  open: 'firing',
  test: 'firing',
  closed: 'resolved',
};

export const newRelic = alertSource({
  provider: 'new_relic',
  displayName: 'New Relic',
  setupGuide: [
    'Alerts, Workflows, a destination of the kind Webhook with the `ingestUrl` of the connect response, and the default template,',
    'of which `id`, `title`, `priority`, `state` and `impactedEntities` are read. Older notification channels are understood too.',
  ].join('\n'),
  notices: (body) => {
    const fields = textsOf(body);
    const [entity] = listOf(objectOf(body)['impactedEntities']);
    const target = textsOf(listOf(objectOf(body)['targets'])[0]);
    const legacyId =
      fields['incident_id'] && [fields['account_id'], fields['incident_id']].filter(Boolean).join(':');
    return noticeOf({
      state: lookUp(STATES, firstOf(fields, ['state', 'current_state'])),
      sourceAlertId: legacyId ?? fields['id'],
      title: firstOf(fields, ['title', 'condition_name']),
      description: firstOf(fields, ['details', 'title']),
      severity: severityOf(firstOf(fields, ['priority', 'severity']), 'medium'),
      service: textOf(entity) ?? firstOf(target, ['name']),
      metadata: { url: firstOf(fields, ['issueUrl', 'incident_url']) ?? '' },
    });
  },
});
