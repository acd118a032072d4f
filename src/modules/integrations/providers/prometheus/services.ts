import type { EvidenceQuestion } from '../../api.js';
import { textOf } from '../read-json.js';
import { DEFAULT_SERVICE_LABELS, type PrometheusConfig } from './config.js';
import { type PrometheusApi, seconds } from './prometheus-api.js';
import { quoted } from './queries.js';

export const USUAL_SCRAPE_SECONDS = 15;
const SLOWEST_SCRAPE_SECONDS = 300;

/** Exporters of things other than services: each of their instances is a host, a database or a broker. */
const OF_INSTANCES = /^(?:node|windows|pg|mysql|mongodb|redis|memcached|kafka|rabbitmq|elasticsearch|probe)_/;
/** Labels that distinguish something other than services, and labels that Prometheus or a cluster adds. */
const NOT_OF_SERVICES =
  /^(?:__\w+|le|quantile|job|instance|pod|pod_name|namespace|node|host|hostname|cluster|region|zone|env|environment|version|endpoint|handler|path|route|uri|url|method|verb|code|status|status_code|\w*_status_code|response_code|outcome|result|type|kind|mode|state|reason|level|device|cpu|mountpoint|fstype)$/;
/** A label that names services is on nearly all series of an exporter of services. */
const ON_NEARLY_ALL = 0.8;
const MAX_LABELS_TRIED = 10;
/** What Prometheus itself adds to a job is not the exporter's, and neither are its labels. */
const OF_THE_SCRAPE = /^(?:up$|scrape_|ALERTS)/;

/** Monitoring systems are not suspected before the systems that they monitor. */
const MONITORING = /^(?:prometheus|alertmanager|grafana|pushgateway)$/;

/** The services among which the cause is looked for, and the label that distinguishes them. */
export interface Candidates {
  readonly label: string;
  /** Further matchers, each behind a comma, such as of the environment. */
  readonly within: string;
  /** The service of the incident; null when it is not among them, or is all of them together. */
  readonly own: string | null;
  readonly others: readonly string[];
}

export function labelsOf({ serviceLabels }: PrometheusConfig): readonly string[] {
  return serviceLabels ?? DEFAULT_SERVICE_LABELS;
}

/** @returns undefined when none of the labels distinguishes services */
export async function candidatesOf(
  api: PrometheusApi,
  config: PrometheusConfig,
  question: EvidenceQuestion,
): Promise<Candidates | undefined> {
  const { service, environment } = question;
  const { environmentLabel } = config;
  const within =
    environmentLabel !== undefined && environment !== null
      ? `,${environmentLabel}=${quoted(environment)}`
      : '';
  const found = await Promise.all(
    labelsOf(config).map(async (label) => ({ label, values: await valuesOf(api, label, within, question) })),
  );
  const labels = found.filter(({ values }) => values.length > 0);
  const match = service === null ? undefined : labels.find(({ values }) => values.includes(service));
  if (match && service !== null) {
    const { label, values } = match;
    const narrowed = await narrowTo(api, config, { label, within, value: service }, question);
    return narrowed ?? candidatesAmong(label, within, values, service);
  }
  const services = labels.map(({ label, values }) => ({ label, values: values.filter((value) => !MONITORING.test(value)) }));
  const candidate = services.find(({ values }) => values.length > 1) ?? services.find(({ values }) => values.length > 0);
  if (!candidate) return undefined;
  const [only, ...more] = candidate.values;
  const { label, values: others } = candidate;
  const narrowed =
    only !== undefined && more.length === 0
      ? await narrowTo(api, config, { label, within, value: only }, question)
      : undefined;
  return narrowed ?? { label, within, own: null, others };
} // prettier-ignore

/** One exporter may cover many services, hosts or databases: then these are the candidates. */
async function narrowTo(
  api: PrometheusApi,
  config: PrometheusConfig,
  { label, within, value }: { label: string; within: string; value: string },
  question: EvidenceQuestion,
): Promise<Candidates | undefined> {
  const inside = `,${label}=${quoted(value)}${within}`;
  const names = await metricNames(api, inside.slice(1), question.to);
  const finer = label === 'job' ? labelsOf(config).filter((other) => other !== label) : [];
  if ([...names].some((name) => OF_INSTANCES.test(name))) finer.push('instance');
  for (const one of finer) {
    const values = await valuesOf(api, one, inside, question);
    if (values.length > 1) return candidatesAmong(one, inside, values, question.service);
  }
  return label === 'job' && config.serviceLabels === undefined
    ? byUnknownLabel(api, inside, exported(names), question)
    : undefined;
}

/** Alerts about a job have its label too, and labels of their own. */
function exported(names: ReadonlySet<string>): number {
  return [...names].filter((name) => !OF_THE_SCRAPE.test(name)).length;
}

/** An exporter may use any label for the names of its services. */
async function byUnknownLabel(
  api: PrometheusApi,
  inside: string,
  metrics: number,
  question: EvidenceQuestion,
): Promise<Candidates | undefined> {
  const window = { start: seconds(question.from), end: seconds(question.to) };
  const labels = (await api.labels(inside.slice(1), window)).filter((label) => !NOT_OF_SERVICES.test(label));
  for (const label of labels.slice(0, MAX_LABELS_TRIED)) {
    const values = await valuesOf(api, label, inside, question);
    if (values.length < 2) continue;
    const labelled = await metricNames(api, `${label}!=""${inside}`, question.to);
    if (metrics > 0 && exported(labelled) >= ON_NEARLY_ALL * metrics)
      return candidatesAmong(label, inside, values, question.service);
  }
  return undefined;
}

function candidatesAmong(
  label: string,
  within: string,
  values: readonly string[],
  service: string | null,
): Candidates {
  const own = service !== null && values.includes(service) ? service : null;
  return { label, within, own, others: values.filter((value) => value !== own) };
}

async function valuesOf(
  api: PrometheusApi,
  label: string,
  within: string,
  { from, to }: EvidenceQuestion,
): Promise<string[]> {
  return (await api.values(label, within, { start: seconds(from), end: seconds(to) })).sort();
}

/** The names of all metrics that match. */
export async function metricNames(api: PrometheusApi, matchers: string, to: Date): Promise<Set<string>> {
  const answer = await api.now(`count by (__name__) ({${matchers}})`, seconds(to));
  return new Set(answer.flatMap(({ labels }) => textOf(labels['__name__']) ?? []));
}

/** How a service is scraped. */
export interface Pulse {
  /** Whole seconds from one scrape to the next. */
  readonly interval: number;
  /** Epoch seconds of the first scrape, where that was minutes ago only. */
  readonly since?: number;
}

/** Measured on one of its metrics: `up` lacks the labels by which an exporter of many services distinguishes them. */
export async function pulseOf(
  api: PrometheusApi,
  matchers: string,
  names: ReadonlySet<string>,
  to: Date,
): Promise<Pulse> {
  // ALERTS exists only while an alert is active, and a histogram has many redundant series.
  const name = names.has('up') ? 'up' : [...names].filter((one) => !/^ALERTS|_bucket$/.test(one)).sort()[0];
  if (name === undefined) return { interval: USUAL_SCRAPE_SECONDS };
  const series = await api.raw(`${name}{${matchers}}[5m]`, seconds(to));
  const samples = series.reduce((longest, one) => (one.length > longest.length ? one : longest), []);
  const [first] = samples;
  const gaps = samples.slice(1).map(({ timestamp }, at) => timestamp - (samples[at]?.timestamp ?? timestamp));
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  if (first === undefined || middle === undefined) return { interval: USUAL_SCRAPE_SECONDS };
  const interval = Math.min(SLOWEST_SCRAPE_SECONDS, Math.max(1, Math.round(middle / 1000)));
  const since = Math.floor(first.timestamp / 1000);
  return since > seconds(to) - 300 + 2 * interval ? { interval, since } : { interval };
}
