import type { EvidenceQuestion } from '../../api.js';
import { textOf } from '../read-json.js';
import { DEFAULT_SERVICE_LABELS, type PrometheusConfig } from './config.js';
import { type PrometheusApi, seconds } from './prometheus-api.js';
import { quoted } from './queries.js';

export const USUAL_SCRAPE_SECONDS = 15;
const SLOWEST_SCRAPE_SECONDS = 300;

/** By which label services are told apart. */
export interface Place {
  readonly label: string;
  /** Further matchers, such as of the environment. */
  readonly within: string;
}

export function labelsOf({ serviceLabels }: PrometheusConfig): readonly string[] {
  return serviceLabels ?? DEFAULT_SERVICE_LABELS;
}

export function placesOf(config: PrometheusConfig, { environment }: EvidenceQuestion): Place[] {
  const { environmentLabel } = config;
  const isKnown = environmentLabel !== undefined && environment !== null;
  const within = isKnown ? `,${environmentLabel}=${quoted(environment)}` : '';
  return labelsOf(config).map((label) => ({ label, within }));
}

export function matchersOf({ label, within }: Place, service: string): string {
  return `${label}=${quoted(service)}${within}`;
}

/** The names of all metrics that a service has. */
export async function metricNames(api: PrometheusApi, matchers: string, to: Date): Promise<Set<string>> {
  const answer = await api.now(`count by (__name__) ({${matchers}})`, seconds(to));
  return new Set(answer.flatMap(({ labels }) => textOf(labels['__name__']) ?? []));
}

/** Every service that is scraped, by name. */
export async function servicesAt(api: PrometheusApi, { label, within }: Place, to: Date): Promise<string[]> {
  const answer = await api.now(`count by (${label}) (up{${label}!=""${within}})`, seconds(to));
  return answer.flatMap(({ labels }) => textOf(labels[label]) ?? []).sort();
}

/** How a service is scraped. */
export interface Pulse {
  /** Whole seconds from one scrape to the next. */
  readonly interval: number;
  /** Epoch seconds of the first scrape, where that was minutes ago only. */
  readonly since?: number;
}

export async function pulseOf(api: PrometheusApi, matchers: string, to: Date): Promise<Pulse> {
  const samples = await api.raw(`up{${matchers}}[5m]`, seconds(to));
  const [first] = samples;
  const gaps = samples.slice(1).map(({ timestamp }, at) => timestamp - (samples[at]?.timestamp ?? timestamp));
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  if (first === undefined || middle === undefined) return { interval: USUAL_SCRAPE_SECONDS };
  const interval = Math.min(SLOWEST_SCRAPE_SECONDS, Math.max(1, Math.round(middle / 1000)));
  const since = Math.floor(first.timestamp / 1000);
  return since > seconds(to) - 300 + 2 * interval ? { interval, since } : { interval };
}
