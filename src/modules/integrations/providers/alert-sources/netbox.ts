import type { Deploy } from '../provider.js';
import { listOf, momentOf, objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { signedInHex } from './signatures.js';
import { environmentOf, lookUp, serviceOf, tagsFrom, textsOf } from './normalize.js';

const VERBS: Readonly<Record<string, string>> = {
  created: 'Created',
  updated: 'Updated',
  deleted: 'Deleted',
};
/** What was only noted about an object does not change how it works. */
const NOTES: readonly string[] = ['created', 'last_updated', 'description', 'comments'];

/** Changes of devices and virtual machines in NetBox, by its event rules. */
export const netbox = signedAlertSource({
  provider: 'netbox',
  displayName: 'NetBox',
  config: AlertSourceConfig,
  setupGuide: [
    'Operations, Webhooks, Add: the URL is the `ingestUrl` of the connect response, the method POST, without a body template; its secret',
    'goes here as `signingSecret`. Then an event rule for devices and virtual machines with this webhook as its action. What was',
    'created, deleted or changed (but not descriptions and comments) is recorded as a change of the infrastructure. Service and',
    'environment are custom fields or tags such as `service:checkout` and `env:production`, else the service is the name of the object.',
  ].join('\n'),
  verify: (secret, delivery) =>
    signedInHex(secret, delivery, { header: 'x-hook-signature', algorithm: 'sha512' }),
  deploys: (body) => deploysOf(objectOf(body)),
});

function deploysOf(event: Readonly<Record<string, unknown>>): Deploy[] {
  const fields = textsOf(event);
  const data = objectOf(event['data']);
  const { id, name, display_url: url } = textsOf(data);
  const verb = lookUp(VERBS, fields['event']);
  // `device`, or `dcim.device` in newer versions.
  const kind = /(?:^|\.)(device|virtualmachine)$/.exec(fields['object_type'] ?? fields['model'] ?? '')?.[1];
  const request = fields['request_id'] ?? textsOf(event['request'])['id'] ?? fields['timestamp'];
  const edits = editsOf(objectOf(event['snapshots']));
  if (!verb || !kind || !id || !name || !request || edits?.length === 0) return [];
  const tags = tagsFrom(listOf(data['tags']).map((tag) => objectOf(tag)['name']));
  const labels = { ...tags, ...textsOf(data['custom_fields']) };
  return [
    {
      type: 'infra',
      sourceChangeId: `netbox/${request}/${kind}/${id}`,
      service: serviceOf(labels) ?? name,
      environment: environmentOf(labels),
      version: null,
      summary: `${verb} ${kind} ${name}${edits ? `: ${edits.join(', ')}` : ''}`,
      url: url && /^https?:/.test(url) ? url : null,
      occurredAt: momentOf(fields['timestamp']),
    },
  ];
}

/** Such as `status active → offline`; undefined when the states before and after are not both known. */
function editsOf({ prechange, postchange }: Readonly<Record<string, unknown>>): string[] | undefined {
  if (!prechange || !postchange) return undefined;
  const [was, is] = [fieldsOf(prechange), fieldsOf(postchange)];
  const edited = Object.keys({ ...was, ...is }).filter(
    (field) => !NOTES.includes(field) && was[field] !== is[field],
  );
  return edited.map((field) => `${field} ${was[field] || 'none'} → ${is[field] || 'none'}`);
}

function fieldsOf(snapshot: unknown): Record<string, string> {
  return { ...textsOf(snapshot), ...textsOf(objectOf(snapshot)['custom_fields']) };
}
