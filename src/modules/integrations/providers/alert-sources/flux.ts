import { objectOf } from '../read-json.js';
import { AlertSourceConfig, signedAlertSource } from './alert-source.js';
import { noticeOf } from './notice.js';
import { signedInHex } from './signatures.js';
import { firstOf, onlyOf, serviceOf, severityOf, textsOf } from './normalize.js';

const ALGORITHMS = ['sha256', 'sha224', 'sha384', 'sha512'] as const;
/** A rollback is the consequence of a failed release, and garbage is collected after a failure too. */
const RECOVERED = /^(?!Rollback|Uninstall|GarbageCollection)\w*Succeeded$|^NewArtifact$/;

/** Events of Flux's notification-controller. */
export const flux = signedAlertSource({
  provider: 'flux',
  displayName: 'Flux',
  config: AlertSourceConfig,
  setupGuide: [
    'A `Provider` of `notification.toolkit.fluxcd.io` with `type: generic-hmac`, `address` the `ingestUrl` of the connect response and',
    '`secretRef` a secret whose `token` goes here as `signingSecret`; with `type: generic` nothing is signed. Then an `Alert` with that',
    '`providerRef`, `eventSeverity: info` and your `eventSources`. An object of Flux is one alert: an event of the severity error fires,',
    'the next success resolves, and other events are ignored; without the events of the severity info nothing is resolved. The service is',
    '`service` or `app` of the `eventMetadata`, else the name of the object; the environment is `environment` or `env` there.',
  ].join('\n'),
  verify: (secret, delivery) =>
    ALGORITHMS.some((algorithm) =>
      signedInHex(secret, delivery, { header: 'x-signature', prefix: `${algorithm}=`, algorithm }),
    ),
  notices: (body) => {
    const fields = textsOf(body);
    const about = textsOf(objectOf(body)['involvedObject']);
    const metadata = textsOf(objectOf(body)['metadata']);
    const { severity = '', reason = '' } = fields;
    const { kind = 'Object', namespace, name = '' } = about;
    const object = `${kind} ${[namespace, name].filter(Boolean).join('/')}`;
    const isInfo = /^(?:info|trace)$/i.test(severity);
    return noticeOf({
      state: !isInfo ? 'firing' : RECOVERED.test(reason) ? 'resolved' : undefined,
      sourceAlertId: firstOf(about, ['uid']) ?? (name && object),
      title: `${reason}: ${object}`,
      description: firstOf(fields, ['message']),
      severity: severityOf(severity, 'high'),
      service: serviceOf(metadata) ?? name,
      tags: metadata,
      metadata: { ...onlyOf(about, ['kind', 'namespace', 'name']), ...onlyOf(fields, ['reason', 'reportingController', 'timestamp']) },
    });
  },
}); // prettier-ignore
