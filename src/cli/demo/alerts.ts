import { readFileSync } from 'node:fs';

/** Three realistic alerts, in the fields of the custom webhook. */
export const ALERTS = {
  /** In the style of Prometheus Alertmanager. */
  afterDeploy: {
    title: '[FIRING:1] HighErrorRate checkout-api (production)',
    description:
      'Error ratio of checkout-api is 18.4% for 5m (threshold 5%). TypeError: cannot read properties of undefined in POST /cart/confirm',
    sourceAlertId: 'c2f0a1b7e5d94f3a',
    severity: 'critical',
    service: 'checkout-api',
    environment: 'production',
    tags: { alertname: 'HighErrorRate', team: 'payments', region: 'eu-west-1' },
    metadata: { generatorURL: 'http://prometheus:9090/graph', startsAtValue: 0.184 },
  },
  /** The same failure two weeks later, with other numbers and another fingerprint. */
  recurrence: {
    title: '[FIRING:1] HighErrorRate checkout-api (production)',
    description:
      'Error ratio of checkout-api is 22.9% for 5m (threshold 5%). TypeError: cannot read properties of undefined in POST /cart/confirm',
    sourceAlertId: 'f81d33c90b2a47e6',
    severity: 'critical',
    service: 'checkout-api',
    environment: 'production',
    tags: { alertname: 'HighErrorRate', team: 'payments', region: 'eu-west-1' },
  },
  /** In the style of a Datadog monitor, about a service without any other evidence. */
  unknownService: {
    title: '[Triggered] [P2] Queue depth of mail-dispatcher is anomalous',
    description:
      'avg(last_15m):anomalies(avg:rabbitmq.queue.messages{queue:mail-dispatcher}) >= 1. Metric value: 48211.0',
    sourceAlertId: '8817263-1a9f',
    severity: 'high',
    service: 'mail-dispatcher',
    environment: 'production',
    tags: { monitor: '8817263', source: 'datadog' },
  },
} as const;

/** @returns the body to send: the whole file, or the `body` of a recorded request */
export function alertFrom(path: string): string {
  const text = readFileSync(path, 'utf8');
  try {
    const recorded = JSON.parse(text) as { body?: unknown; bodyRaw?: unknown } | null;
    if (typeof recorded?.bodyRaw === 'string') return recorded.bodyRaw;
    if (typeof recorded?.body === 'object' && recorded.body !== null) return JSON.stringify(recorded.body);
  } catch {
    // Not JSON: it is sent unchanged, and the server explains what is wrong.
  }
  return text;
}
