import { noticesOfGroup } from './alert-group.js';
import { alertSource } from './alert-source.js';

/** The webhook receiver of Prometheus's Alertmanager, from version 0.4 of its format on. */
export const alertmanager = alertSource({
  provider: 'alertmanager',
  displayName: 'Prometheus Alertmanager',
  setupGuide: [
    'In `alertmanager.yml`, with the `ingestUrl` of the connect response:',
    '',
    '    receivers:',
    '      - name: causeflow',
    '        webhook_configs:',
    '          - url: <ingestUrl>',
    '            send_resolved: true',
    '',
    'With `http_config.authorization` there, give the same `bearerToken` (or `username` and `password`) here.',
    'The alert is known by its fingerprint. Its service is the label `service`, else `app`, `deployment`, `container`, `job`;',
    'its environment the label `environment` or `env`; its severity the label `severity` (`page` is critical, none is medium).',
  ].join('\n'),
  notices: noticesOfGroup,
});
