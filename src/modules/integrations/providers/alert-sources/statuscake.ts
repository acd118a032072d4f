import { constantTimeEquals } from '#kernel/crypto/secrets';
import { objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, tagsFrom, textsOf } from './normalize.js';

const STATES: States = { down: 'firing', up: 'resolved' };

export const statuscake = signedAlertSource({
  provider: 'statuscake',
  displayName: 'StatusCake',
  config: AlertSourceConfig,
  mediaTypes: ['application/x-www-form-urlencoded'],
  setupGuide: [
    'Alerting, Contact groups: the webhook URL is the `ingestUrl` of the connect response, the method is POST. Then name the group in each',
    'test. StatusCake sends a `Token`, the MD5 of user name (in lower case) and API key; given as `signingSecret` here, bodies without it',
    'are refused. A test whose id is not sent is known by its name and URL: renamed while it is down, it is another one.',
  ].join('\n'),
  verify: (secret, { raw }) => constantTimeEquals(new URLSearchParams(raw.toString()).get('Token') ?? '', secret),
  notices: (body) => {
    const fields = textsOf(body);
    const { TestID: test, Name: name, URL: url } = fields;
    return noticeOf({
      state: lookUp(STATES, fields['Status']?.toLowerCase()),
      sourceAlertId: test ?? [url, name].filter(Boolean).join(' '),
      title: firstOf(fields, ['Name', 'URL']),
      description: fields['StatusCode'] && `${url ?? name} answers ${fields['StatusCode']}`,
      severity: 'high',
      service: firstOf(fields, ['Name', 'URL']),
      tags: tagsFrom(objectOf(body)['Tags']),
      metadata: onlyOf(fields, ['URL', 'StatusCode', 'IP', 'CheckRate']),
    });
  },
}); // prettier-ignore
