import { notFound } from '#kernel/domain/errors';
import { alertmanager } from './alert-sources/alertmanager.js';
import { argocd } from './alert-sources/argocd.js';
import { awsEventBridge } from './alert-sources/aws-eventbridge.js';
import { azureMonitor } from './alert-sources/azure-monitor.js';
import { betterStack } from './alert-sources/better-stack.js';
import { checkly } from './alert-sources/checkly.js';
import { checkmk } from './alert-sources/checkmk.js';
import { cloudwatchSns } from './alert-sources/cloudwatch-sns.js';
import { coralogix } from './alert-sources/coralogix.js';
import { datadog } from './alert-sources/datadog.js';
import { dynatrace } from './alert-sources/dynatrace.js';
import { falco } from './alert-sources/falco.js';
import { flux } from './alert-sources/flux.js';
import { gcpMonitoring } from './alert-sources/gcp-monitoring.js';
import { generic } from './alert-sources/generic.js';
import { gitlab } from './alert-sources/gitlab.js';
import { grafana } from './alert-sources/grafana.js';
import { graylog } from './alert-sources/graylog.js';
import { honeycomb } from './alert-sources/honeycomb.js';
import { kibana } from './alert-sources/kibana.js';
import { libreNms } from './alert-sources/libre-nms.js';
import { netbox } from './alert-sources/netbox.js';
import { newRelic } from './alert-sources/new-relic.js';
import { opsgenie } from './alert-sources/opsgenie.js';
import { pagerdutyEvents } from './alert-sources/pagerduty-events.js';
import { pagerduty } from './alert-sources/pagerduty.js';
import { pingdom } from './alert-sources/pingdom.js';
import { rackspace } from './alert-sources/rackspace.js';
import { riemann } from './alert-sources/riemann.js';
import { sentry } from './alert-sources/sentry.js';
import { site24x7 } from './alert-sources/site24x7.js';
import { splunk } from './alert-sources/splunk.js';
import { statuscake } from './alert-sources/statuscake.js';
import { thousandEyes } from './alert-sources/thousandeyes.js';
import { updown } from './alert-sources/updown.js';
import { uptimeKuma } from './alert-sources/uptime-kuma.js';
import { uptimerobot } from './alert-sources/uptimerobot.js';
import { wazuh } from './alert-sources/wazuh.js';
import { zabbix } from './alert-sources/zabbix.js';
import { elasticsearch } from './elasticsearch/provider.js';
import { github } from './github/provider.js';
import { httpRunner } from './http_runner/provider.js';
import { kubernetes } from './kubernetes/provider.js';
import { loki } from './loki/provider.js';
import { postgresql } from './postgresql/provider.js';
import { prometheus } from './prometheus/provider.js';
import { slack } from './slack/provider.js';
import type { Provider } from './provider.js';

/** Every provider that can be connected, one line each. */
export const PROVIDERS: readonly Provider[] = [
  alertmanager,
  argocd,
  awsEventBridge,
  azureMonitor,
  betterStack,
  checkly,
  checkmk,
  cloudwatchSns,
  coralogix,
  datadog,
  dynatrace,
  elasticsearch,
  falco,
  flux,
  gcpMonitoring,
  generic,
  github,
  gitlab,
  grafana,
  graylog,
  honeycomb,
  httpRunner,
  kibana,
  kubernetes,
  libreNms,
  loki,
  netbox,
  newRelic,
  opsgenie,
  pagerduty,
  pagerdutyEvents,
  pingdom,
  postgresql,
  prometheus,
  rackspace,
  riemann,
  sentry,
  site24x7,
  slack,
  splunk,
  statuscake,
  thousandEyes,
  updown,
  uptimeKuma,
  uptimerobot,
  wazuh,
  zabbix,
];

const byName = new Map(PROVIDERS.map((provider) => [provider.provider, provider]));

/** @throws Refusal `not_found` */
export function providerNamed(name: string): Provider {
  const provider = byName.get(name);
  if (!provider) throw notFound('provider');
  return provider;
}
