import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';
import type { Notice } from '../../api.js';
import { listOf, objectOf } from '../read-json.js';
import { noticesOfGroup } from './alert-group.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, lookUp, onlyOf, severityOf, textsOf } from './normalize.js';

const HEADER = /^[A-Za-z0-9-]+$/;
const FRESH_MS = 5 * 60_000;

class GrafanaConfig extends AlertSourceConfig {
  @Text({
    max: 100,
    optional: true,
    default: 'X-Grafana-Alerting-Signature',
    summary: 'The signature header of the contact point',
  })
  @Matches(HEADER, { message: 'signatureHeader must be the name of a header' })
  signatureHeader?: string;

  @Text({
    max: 100,
    optional: true,
    summary: 'The timestamp header of the contact point, if it has one',
    example: 'X-Grafana-Alerting-Timestamp',
  })
  @Matches(HEADER, { message: 'timestampHeader must be the name of a header' })
  timestampHeader?: string;
}

export const grafana = signedAlertSource({
  provider: 'grafana',
  displayName: 'Grafana',
  // A fingerprint is the same from each server of a cluster, a rule's number is counted by each database.
  idsUniquePer: (body) => (isRule(body) ? 'integration' : 'provider'),
  config: GrafanaConfig,
  setupGuide: [
    'Alerting, Contact points, Add: integration **Webhook**, URL the `ingestUrl` of the connect response, method POST.',
    'With HMAC signature on, give its secret as `signingSecret` here; a custom header of the signature or of its time goes',
    'into `signatureHeader` and `timestampHeader`. Dashboard alerts of Grafana 8 and older are understood too.',
  ].join('\n'),
  verify: (secret, delivery, config, now) => {
    const { signatureHeader = 'X-Grafana-Alerting-Signature', timestampHeader } = config;
    const header = signatureHeader.toLowerCase();
    if (timestampHeader === undefined) return signedInHex(secret, delivery, { header });
    const signedAt = delivery.headers[timestampHeader.toLowerCase()];
    const age = Math.abs(now.getTime() - Number(signedAt) * 1000);
    if (typeof signedAt !== 'string' || !(age <= FRESH_MS)) return false;
    return signedInHex(secret, delivery, { header, before: `${signedAt}:` });
  },
  notices: (body) => (isRule(body) ? noticesOfRule(body) : noticesOfGroup(body)),
});

function isRule(body: unknown): boolean {
  return 'ruleId' in objectOf(body);
}

const STATES: States = {
  alerting: 'firing',
  no_data: 'firing',
  ok: 'resolved',
};

/** A dashboard alert of Grafana 8 and older: one rule, whose title changes with its state. */
function noticesOfRule(body: unknown): Notice[] {
  const rule = textsOf(body);
  const [match] = listOf(objectOf(body)['evalMatches']).map(objectOf);
  const tags = { ...textsOf(match?.['tags']), ...textsOf(objectOf(body)['tags']) };
  return noticeOf({
    state: lookUp(STATES, rule['state']),
    sourceAlertId: [rule['orgId'], rule['ruleId']].filter((part) => part !== undefined).join(':'),
    title: firstOf(rule, ['ruleName', 'title']),
    description: firstOf(rule, ['message']),
    severity: severityOf(tags['severity'], 'medium'),
    tags,
    metadata: onlyOf(rule, ['ruleUrl']),
  });
}
