import type { Severity } from '#kernel/domain/severity';
import { higherSeverity, lowerSeverity } from './severity.js';
import { type TriageCategory, TRIAGE_RULES, type TriageRule } from './triage-rules.js';
import { shortened } from '../wording.js';

export interface TriagedAlert {
  readonly title: string;
  readonly description: string;
  /** As the sender set it. */
  readonly severity: Severity;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Triage {
  readonly severity: Severity;
  readonly category: TriageCategory;
  readonly summary: string;
  /** 0..1, that the category is right. */
  readonly confidence: number;
  /** Names of registered agents, the most promising first. */
  readonly suggestedAgents: readonly string[];
  /** Each reason a sentence. */
  readonly decidedBecause: readonly string[];
}

const PRODUCTION = /^(?:prod|prd|live)/i;
const STAGING = /^(?:stag|stg|pre.?prod|uat|qa|canary|preview|demo)/i;
const TEST = /^(?:test|dev|local|sandbox|ci\b|playground|lab)/i;

/** Common names of urgency in tags and fields, other than our five severities. */
const URGENCIES: readonly (readonly [RegExp, Severity])[] = [
  [/^(?:p1|p0|sev-?[01]|critical|fatal|emergency|disaster|page)$/i, 'critical'],
  [/^(?:p2|sev-?2|high|error|major|urgent)$/i, 'high'],
  [/^(?:p3|sev-?3|medium|moderate|warn(?:ing)?|average)$/i, 'medium'],
];
const URGENCY_KEYS: readonly string[] = ['severity', 'priority', 'urgency', 'level'];

const AGENTS_FOR: Readonly<Record<TriageCategory, readonly string[]>> = {
  availability: ['log analysis', 'change detection', 'metrics analysis'],
  latency: ['metrics analysis', 'change detection', 'log analysis'],
  errors: ['log analysis', 'change detection', 'metrics analysis'],
  saturation: ['metrics analysis', 'log analysis', 'change detection'],
  data: ['log analysis', 'change detection', 'metrics analysis'],
  security: ['log analysis', 'change detection', 'metrics analysis'],
  deployment: ['change detection', 'log analysis', 'metrics analysis'],
  unknown: ['log analysis', 'metrics analysis', 'change detection'],
};

/**
 * Rule-based triage with reasons. The severity is the highest of the sender's, that of its tags and fields, and those of
 * the matching rules; outside production it is lowered, by one step for staging and two for test.
 */
export function triage(alert: TriagedAlert): Triage {
  const matches = matchesIn(alert);
  const reasons: string[] = [`The sender calls it ${alert.severity}.`];

  let severity = alert.severity;
  const urgency = urgencyOf(alert);
  if (urgency) {
    severity = higherSeverity(severity, urgency.severity);
    reasons.push(`${urgency.where} says “${shortened(urgency.text, 40)}”, which is ${urgency.severity}.`);
  }
  for (const { rule, word, where } of matches) {
    severity = higherSeverity(severity, rule.severity);
    reasons.push(`“${word}” in the ${where} indicates ${rule.category} and justifies ${rule.severity}.`);
  }
  const environment = environmentOf(alert);
  if (environment.steps > 0) {
    const before = severity;
    severity = lowerSeverity(severity, environment.steps);
    reasons.push(`${environment.name} is not production: lowered from ${before} to ${severity}.`);
  } else if (PRODUCTION.test(environment.name)) reasons.push(`${environment.name} is production.`);
  if (matches.length === 0)
    reasons.push('No rule matches the words of this alert, so its category is unknown.');

  const category = matches[0]?.rule.category ?? 'unknown';
  return {
    severity,
    category,
    summary: summaryOf(alert, severity, category),
    confidence: confidenceIn(category, matches),
    suggestedAgents: suggestedAgents(category),
    decidedBecause: reasons,
  };
}

export function suggestedAgents(category: TriageCategory): readonly string[] {
  return ['known solution', ...AGENTS_FOR[category], 'synthesis'];
}

export function summaryOf(
  { title, service, environment }: Pick<TriagedAlert, 'title' | 'service' | 'environment'>,
  severity: Severity,
  category: TriageCategory,
): string {
  const what = category === 'unknown' ? 'incident' : `${category} incident`;
  const where = [
    service === null ? '' : ` on ${service}`,
    environment === null ? '' : ` (${environment})`,
  ].join('');
  return `${severity[0]?.toUpperCase() ?? ''}${severity.slice(1)} ${what}${where}: ${shortened(title, 200)}`;
}

interface Match {
  readonly rule: TriageRule;
  readonly word: string;
  readonly where: 'title' | 'description';
}

/** One match per rule, those in the title first, since descriptions quote much else. */
function matchesIn({ title, description }: TriagedAlert): Match[] {
  const inField = (text: string, where: Match['where']) =>
    TRIAGE_RULES.flatMap((rule): Match[] => {
      const word = rule.words.exec(text)?.[0];
      return word === undefined ? [] : [{ rule, word: shortened(word, 60), where }];
    });
  const inTitle = inField(title, 'title');
  const known = new Set(inTitle.map(({ rule }) => rule));
  return [...inTitle, ...inField(description, 'description').filter(({ rule }) => !known.has(rule))];
}

/** Grows with the share of matching rules that agree on the category, a match in the title, and a second match. */
function confidenceIn(category: TriageCategory, matches: readonly Match[]): number {
  if (matches.length === 0) return 0.2;
  const agreeing = matches.filter(({ rule }) => rule.category === category);
  const titled = agreeing.some(({ where }) => where === 'title');
  const share = agreeing.length / matches.length;
  return Math.round((0.35 + (titled ? 0.2 : 0) + 0.3 * share + (agreeing.length > 1 ? 0.1 : 0)) * 100) / 100;
}

function urgencyOf({
  tags,
  metadata,
}: TriagedAlert): { severity: Severity; where: string; text: string } | undefined {
  const found = URGENCY_KEYS.flatMap((key) =>
    [
      { where: `The tag “${key}”`, value: own(tags, key) },
      { where: `The field “${key}” of the metadata`, value: own(metadata, key) },
    ].flatMap(({ where, value }) => {
      if (typeof value !== 'string') return [];
      const severity = URGENCIES.find(([words]) => words.test(value.trim()))?.[1];
      return severity ? [{ severity, where, text: value }] : [];
    }),
  );
  return found[0];
}

function environmentOf({ environment, tags }: TriagedAlert): { name: string; steps: number } {
  const tag = own(tags, 'environment') ?? own(tags, 'env');
  const name = (environment ?? (typeof tag === 'string' ? tag : '')).trim();
  return { name: shortened(name, 60), steps: TEST.test(name) ? 2 : STAGING.test(name) ? 1 : 0 };
}

/** Own properties only, since the keys come from the sender. */
function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
