import { listOf, objectOf, textOf } from '../read-json.js';
import { alertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { firstOf, meaningOf, severityOf, textsOf } from './words.js';

const STATES: Readonly<Record<string, 'firing' | 'resolved'>> = {
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
    'Alerts, Workflows, a destination of the kind Webhook with the `ingestUrl` that connecting answers, and the default template,',
    'of which `id`, `title`, `priority`, `state` and `impactedEntities` are read. Older notification channels are understood too.',
  ].join('\n'),
  notices: (body) => {
    const told = textsOf(body);
    const [entity] = listOf(objectOf(body)['impactedEntities']);
    const target = textsOf(listOf(objectOf(body)['targets'])[0]);
    const legacyId =
      told['incident_id'] && [told['account_id'], told['incident_id']].filter(Boolean).join(':');
    return noticeOf({
      state: meaningOf(STATES, firstOf(told, ['state', 'current_state'])),
      sourceAlertId: legacyId ?? told['id'],
      title: firstOf(told, ['title', 'condition_name']),
      description: firstOf(told, ['details', 'title']),
      severity: severityOf(firstOf(told, ['priority', 'severity']), 'medium'),
      service: textOf(entity) ?? firstOf(target, ['name']),
      metadata: { url: firstOf(told, ['issueUrl', 'incident_url']) ?? '' },
    });
  },
});
