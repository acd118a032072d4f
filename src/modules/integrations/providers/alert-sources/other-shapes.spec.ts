import { describe, expect, it } from '@jest/globals';
import type { Provider } from '../provider.js';
import { awsEventBridge } from './aws-eventbridge.js';
import { azureMonitor } from './azure-monitor.js';
import { betterStack } from './better-stack.js';
import { checkly } from './checkly.js';
import { cloudwatchSns } from './cloudwatch-sns.js';
import { datadog } from './datadog.js';
import { dynatrace } from './dynatrace.js';
import { gcpMonitoring } from './gcp-monitoring.js';
import { grafana } from './grafana.js';
import { graylog } from './graylog.js';
import { honeycomb } from './honeycomb.js';
import { kibana } from './kibana.js';
import { newRelic } from './new-relic.js';
import { opsgenie } from './opsgenie.js';
import { pagerdutyEvents } from './pagerduty-events.js';
import { pagerduty } from './pagerduty.js';
import { sentry } from './sentry.js';
import { statuscake } from './statuscake.js';
import { uptimeKuma } from './uptime-kuma.js';
import { uptimerobot } from './uptimerobot.js';
import { zabbix } from './zabbix.js';

const read = (source: Provider, body: object) => source.webhooks?.notices(body) ?? [];

describe('other versions and templates of a tool', () => {
  const glue = (state: string, jobRunId: string) => ({
    'detail-type': 'Glue Job State Change', source: 'aws.glue', account: '7', region: 'eu-west-1',
    detail: { jobName: 'nightly-export', state, jobRunId, message: 'Out of memory' },
  });
  const finding = (tags: object[]) => ({
    'detail-type': 'GuardDuty Finding',
    detail: { id: 'f-1', severity: 8, title: 'Port scan', resource: { instanceDetails: { tags } } },
  });
  const azure = (essentials: object, more: object = {}) => ({
    data: { essentials: { alertRule: 'CPU', severity: 'Sev1', monitorCondition: 'Fired', ...essentials }, ...more },
  });
  const oldMetric = (status: string, resourceId: string, conditionType: string) => ({
    schemaId: 'AzureMonitorMetricAlert',
    data: { status, context: { id: '/rules/cpu', name: 'CPU', conditionType, resourceId }, properties: { service: 'cart' } },
  });
  const oldActivity = (properties: object, more: object = {}) => ({
    schemaId: 'Microsoft.Insights/activityLogs',
    data: { status: 'Activated', context: { activityLog: { operationName: 'restart', level: 'Error', properties, ...more } } },
  });
  const incident = (more: object) => ({ version: '1.2', incident: { incident_id: 'g-1', state: 'open', condition_name: 'Slow', ...more } });
  const run = { type: 'cloud_run_revision', labels: { service_name: 'cart', location: 'eu' } };
  const kibana7 = (alertInstanceId: string, alertActionGroup: string) => ({
    alertId: 'r-1', alertName: 'CPU', alertInstanceId, alertActionGroup, context: { message: `CPU of ${alertInstanceId}` },
  });
  const ended = { event_type: 'incident.priority_updated', data: { id: 'P1', title: 'Slow', status: 'resolved' } };

  it.each([
    [awsEventBridge, glue('FAILED', 'jr_1'), { state: 'firing', sourceAlertId: 'aws.glue/7/eu-west-1/nightly-export', title: 'nightly-export: FAILED', description: 'Out of memory', severity: 'high', service: 'nightly-export' }],
    [awsEventBridge, glue('SUCCEEDED', 'jr_2'), { state: 'resolved', sourceAlertId: 'aws.glue/7/eu-west-1/nightly-export' }],
    [awsEventBridge, finding([{ key: 'service', value: 'cart' }]), { severity: 'high', service: 'cart', tags: { service: 'cart' } }],
    [azureMonitor, azure({ alertId: 'a' }, { customProperties: { service: 'cart', env: 'live' } }), { service: 'cart', environment: 'live' }],
    [azureMonitor, azure({ originAlertId: 'o', alertTargetIDs: ['/subscriptions/s/virtualmachines/web-1'] }), { sourceAlertId: 'o', service: 'web-1' }],
    [azureMonitor, azure({ alertId: 'a', description: '' }, { alertContext: { condition: { allOf: [{ metricName: 'CPU', operator: 'GreaterThan', threshold: '90', metricValue: 95.5 }] } } }), { description: 'CPU GreaterThan 90: 95.5' }],
    [azureMonitor, { id: '/alerts/1', name: 'Failure anomalies', properties: { essentials: { monitorCondition: 'Resolved', severity: 'Sev3', alertRule: '/rules/1', targetResourceName: 'cart' } } }, { state: 'resolved', sourceAlertId: '/alerts/1', title: 'Failure anomalies', severity: 'low', service: 'cart' }],
    [azureMonitor, azure({ alertId: 'a' }, { alertContext: { labels: { service: 'cart' } } }), { service: 'cart' }],
    [azureMonitor, oldMetric('Activated', '/vm/1', 'MultipleResourceMultipleMetricCriteria'), { state: 'firing', sourceAlertId: '/rules/cpu:/vm/1', service: 'cart' }],
    [azureMonitor, oldMetric('Deactivated', '/vm/2', 'MultipleResourceMultipleMetricCriteria'), { state: 'resolved', sourceAlertId: '/rules/cpu:/vm/2' }],
    [azureMonitor, oldMetric('Activated', '/vm/1', 'Metric'), { sourceAlertId: '/rules/cpu' }],
    [azureMonitor, { schemaId: 'Microsoft.Insights/LogAlert', data: { AlertRuleName: 'Errors', WorkspaceId: 'w', Severity: '1', Description: null, SearchQuery: 'requests' } }, { state: 'firing', sourceAlertId: 'w:Errors', title: 'Errors', description: 'requests', severity: 'high' }],
    [azureMonitor, oldActivity({}, { resourceId: '/vm/web-1' }), { state: 'firing', sourceAlertId: 'restart:/vm/web-1', title: 'restart', severity: 'high', service: 'web-1' }],
    [azureMonitor, oldActivity({ trackingId: 'T-1', title: 'Network', stage: 'Active' }), { state: 'firing', sourceAlertId: 'T-1', title: 'Network' }],
    [azureMonitor, oldActivity({ trackingId: 'T-1', title: 'Network', stage: 'Resolved' }), { state: 'resolved', sourceAlertId: 'T-1' }],
    [betterStack, { event: 'incident_started', data: { id: '1', type: 'incident', attributes: { name: 'Shop' } } }, { state: 'firing', title: 'Shop' }],
    [betterStack, { event: 'incident_resolved', data: { id: '1', type: 'incident', attributes: {} } }, { state: 'resolved' }],
    [checkly, { alert_type: 'ALERT_FAILURE_REMAIN', check_id: 'c', check_name: 'Home', tags: ['service:shop', 'env:live'] }, { state: 'firing', severity: 'high', service: 'shop', environment: 'live' }],
    [checkly, { alert_type: 'ALERT_DEGRADED_FAILURE', check_id: 'c' }, { state: 'firing', severity: 'high' }],
    [checkly, { alert_type: 'ALERT_DEGRADED_REMAIN', check_id: 'c' }, { state: 'firing', severity: 'medium' }],
    [checkly, { alert_type: 'ALERT_FAILURE_DEGRADED', check_id: 'c' }, { state: 'firing', severity: 'medium' }],
    [checkly, { alert_type: 'ALERT_SSL', check_id: 'c' }, { state: 'firing', sourceAlertId: 'c:ssl', severity: 'low' }],
    [cloudwatchSns, { source: 'aws.cloudwatch', alarmArn: 'arn:aws:cloudwatch:eu-west-1:7:alarm:CPU', alarmData: { alarmName: 'CPU', state: { value: 'ALARM', reason: 'Too high' } } }, { state: 'firing', sourceAlertId: 'arn:aws:cloudwatch:eu-west-1:7:alarm:CPU', title: 'CPU', description: 'Too high' }],
    [datadog, { alert_transition: 'Recovered', deduplication_key: 'k', title: '[Recovered] CPU', source_url: 'https://dd/monitors/7' }, { state: 'resolved', sourceAlertId: 'k', metadata: { link: 'https://dd/monitors/7' } }],
    [datadog, { alert_transition: 'Triggered', title: 'CPU', event_message: 'Too high', url: 'https://dd/monitors/7?group=host%3Aa' }, { sourceAlertId: '7:host:a', description: 'Too high' }],
    [dynatrace, { State: 'OPEN', PID: 'p', Tags: '[Kubernetes]app:cart, [AWS]env:live, vip' }, { service: 'cart', environment: 'live', tags: { app: 'cart', env: 'live', vip: 'true' } }],
    [dynatrace, { State: 'OPEN', PID: 'p', ProblemDetailsJSON: { severityLevel: 'AVAILABILITY' } }, { severity: 'critical' }],
    [gcpMonitoring, incident({ resource: run, resource_name: 'shop Cloud Run labels {service_name=cart, location=eu}', policy_user_labels: { env: 'live', severity: 'critical' } }), { service: 'cart', environment: 'live', severity: 'critical' }],
    [gcpMonitoring, incident({ resource: { labels: { host: 'shop.example' } }, resource_name: 'Uptime URL labels {host=shop.example}' }), { service: 'shop.example' }],
    [gcpMonitoring, incident({ documentation: { content: 'Restart it' } }), { metadata: { documentation: 'Restart it' } }],
    [gcpMonitoring, { message: { data: Buffer.from(JSON.stringify(incident({}))).toString('base64'), messageId: '7' }, subscription: 's' }, { state: 'firing', sourceAlertId: 'g-1', title: 'Slow' }],
    [grafana, { alerts: [{ status: 'firing', fingerprint: 'f', labels: { alertname: 'DatasourceNoData', rulename: 'CPU' }, annotations: { summary: 'CPU is [no value]' } }] }, { title: 'DatasourceNoData: CPU', description: 'CPU is [no value]' }],
    [honeycomb, { deduplication_key: 'i', title: 'Slow', status: 'resolved', source_url: 'https://ui.honeycomb.io/t/environments/live/datasets/cart/triggers/i' }, { state: 'resolved', sourceAlertId: 'i', title: 'Slow', service: 'cart', environment: 'live' }],
    [kibana, kibana7('web-1', 'threshold met'), { state: 'firing', sourceAlertId: 'r-1:web-1', title: 'CPU', description: 'CPU of web-1' }],
    [kibana, kibana7('web-2', 'recovered'), { state: 'resolved', sourceAlertId: 'r-1:web-2' }],
    [newRelic, { incident_id: 'i', condition_name: ['CPU'], details: 'Above 90', severity: 'CRITICAL', current_state: 'OPEN' }, { state: 'firing', sourceAlertId: 'i', title: 'CPU', description: 'Above 90' }],
    [newRelic, { id: 'i', name: 'CPU', severity: 'HIGH', status: 'ACTIVATED', issueUrl: 'https://nr/i' }, { state: 'firing', title: 'CPU', severity: 'high', metadata: { url: 'https://nr/i' } }],
    [newRelic, { issueId: 'i', issueTitle: 'CPU', state: 'CLOSED', entityNames: ['cart'] }, { state: 'resolved', sourceAlertId: 'i', title: 'CPU', service: 'cart' }],
    [newRelic, { id: 'i', title: ['CPU', 'Memory'], state: 'CREATED', targets: [{ id: 't', name: 'cart', labels: { env: 'live' } }] }, { sourceAlertId: 'i', title: 'CPU', service: 'cart', environment: 'live' }],
    [opsgenie, { action: 'Create', alert: { alertId: 'o', tags: ['service:cart', 'env:live'] } }, { service: 'cart', environment: 'live', tags: { service: 'cart', env: 'live' } }],
    [opsgenie, { action: 'Create', alert: { alertId: 'o', entity: 'web-1', details: { Service: 'cart', Environment: 'live' } } }, { service: 'cart', environment: 'live' }],
    [pagerduty, { messages: [{ type: 'incident.trigger', data: { incident: { id: 'P1', trigger_summary_data: { description: 'Slow' } } } }] }, { title: 'Slow' }],
    [pagerduty, { event: ended }, { state: 'resolved', sourceAlertId: 'P1' }],
    [pagerdutyEvents, { event_type: 'trigger', incident_key: 'web-1/HTTP', description: 'HTTP is down', details: { service: 'cart' }, contexts: [{ type: 'link', href: 'https://nagios' }] }, { state: 'firing', sourceAlertId: 'web-1/HTTP', title: 'HTTP is down', service: 'cart', metadata: { link: 'https://nagios' } }],
    [pagerdutyEvents, { event_type: 'resolve', incident_key: 'web-1/HTTP' }, { state: 'resolved', sourceAlertId: 'web-1/HTTP' }],
    [pagerdutyEvents, { event_action: 'trigger', payload: { summary: 's', custom_details: { service: 'cart' } } }, { service: 'cart' }],
    [sentry, { action: 'triggered', data: { event: { issue_id: '1', web_url: 'https://s/1' } } }, { metadata: { url: 'https://s/1' } }],
    [sentry, { action: 'resolved', data: { issue: { id: '1', web_url: 'https://s/1' } } }, { metadata: { url: 'https://s/1' } }],
    [sentry, { action: 'critical', data: { metric_alert: { id: '1' }, web_url: 'https://s/1' } }, { metadata: { url: 'https://s/1' } }],
    [sentry, { id: '1', url: 'https://s/1' }, { metadata: { url: 'https://s/1' } }],
    [statuscake, { TestID: '7', Name: 'Shop', Status: 'Down', Tags: ['env:live'] }, { sourceAlertId: '7', title: 'Shop', environment: 'live' }],
    [uptimeKuma, { monitor: { id: 3, name: 'Shop', tags: [{ name: 'service', value: 'cart' }, { name: 'env', value: 'live' }] }, heartbeat: { status: 0 } }, { service: 'cart', environment: 'live' }],
    [uptimeKuma, { heartbeat: null, monitor: null, msg: '[Shop][https://shop] server certificate shop will expire in 7 days' }, { state: 'firing', sourceAlertId: 'Shop:expiry', severity: 'low', service: 'Shop', metadata: { url: 'https://shop' } }],
    [uptimerobot, { monitor: { id: '7', url: 'https://shop', name: 'Shop' }, alert: { type: '1', details: 'HTTP 500' } }, { state: 'firing', sourceAlertId: '7', title: 'Shop', service: 'Shop' }],
    [zabbix, { 'EVENT.ID': '8', 'EVENT.VALUE': '1', service: 'web-1', 'HOST.NAME': 'Web server 1' }, { sourceAlertId: '8', service: 'web-1' }],
    [zabbix, { event_id: '8', event_value: '1', title: 'Problem: Slow', description: 'Since 9:00' }, { title: 'Problem: Slow', description: 'Since 9:00' }],
    [zabbix, { event_id: '8', event_value: '1', host: 'web-1', tags: '[{"tag":"service","value":"cart"}]' }, { service: 'cart' }],
  ])('$provider: %#', (source, body, notice) => {
    expect(read(source, body)).toMatchObject([notice]);
  });

  it.each([
    [awsEventBridge, glue('STOPPED', 'jr_1')],
    [awsEventBridge, { 'detail-type': 'EC2 Instance State-change Notification', detail: { state: 'FAILED', jobName: 'x' } }],
    [datadog, { alert_id: '1', alert_transition: 'Triggered', title: '[TEST] [Triggered] CPU' }],
    [gcpMonitoring, { ...incident({}), version: 'test' }],
    [gcpMonitoring, { message: { data: 'e30=' } }],
    [gcpMonitoring, { message: { data: '%' } }],
    [graylog, { event_definition_id: 'd', event: { event_definition_type: 'notification-test-v1', priority: 2, message: 'Test' } }],
    [honeycomb, { id: 't', name: 'Slow', status: 'TRIGGERED', isTest: true }],
    [honeycomb, { id: 't', name: 'Slow', alert: { status: 'TRIGGERED', isTest: true } }],
    [uptimeKuma, { heartbeat: null, monitor: null, msg: 'My webhook will expire in 7 days' }],
    [uptimeKuma, { heartbeat: null, monitor: null, msg: `[Shop][https://shop] ${'x'.repeat(2000)} will expire in 7 days` }],
    [zabbix, { event_id: '8', event_value: '1', event_is_update: '1' }],
  ])('$provider yields no alert for tests and other events: %#', (source, body) => {
    expect(read(source, body)).toEqual([]);
  });
}); // prettier-ignore

it('a text that almost has the form of another is read in linear time', () => {
  const many = (text: string) => text.repeat(50_000);
  const bodies = [
    [dynatrace, { State: 'OPEN', PID: 'p', Tags: many(',[') }],
    [gcpMonitoring, { incident: { incident_id: 'g', state: 'open', resource_name: many(' labels {') } }],
    [uptimeKuma, { msg: many('[a][b] ') }],
  ] as const;
  for (const [source, body] of bodies) expect(() => read(source, body)).not.toThrow();
});
