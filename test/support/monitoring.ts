import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import { CHECKOUT } from './server.js';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
}

export interface Query {
  /** The alert or the panel. */
  readonly of: string;
  readonly expr: string;
}

const read = (path: string): string => readFileSync(join(CHECKOUT, path), 'utf8');

/** The rules of deploy/prometheus/rules.yml. */
export function alertRules(): AlertRule[] {
  const { groups } = loadYaml<{ groups: { rules: AlertRule[] }[] }>(read('deploy/prometheus/rules.yml'));
  return groups.flatMap(({ rules }) => rules);
}

/** The queries of deploy/grafana/dashboard.json, for the scrape job `causeflow`. */
export function panelQueries(): Query[] {
  const { panels } = JSON.parse(read('deploy/grafana/dashboard.json')) as Dashboard;
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      of: title,
      expr: expr.replaceAll('$job', 'causeflow').replaceAll('$__rate_interval', '1m'),
    })),
  );
}
