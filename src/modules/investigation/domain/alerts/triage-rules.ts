import type { Severity } from '#kernel/domain/severity';

export const TRIAGE_CATEGORIES = [
  'security',
  'data',
  'deployment',
  'availability',
  'errors',
  'latency',
  'saturation',
  'unknown',
] as const;
export type TriageCategory = (typeof TRIAGE_CATEGORIES)[number];

export interface TriageRule {
  readonly category: TriageCategory;
  readonly words: RegExp;
  /** The severity that these words justify in production. */
  readonly severity: Severity;
}

/**
 * Rules that match words of an alert. The highest severity of all matching rules counts, and the category of the first, so
 * what must not be missed (security, data loss) comes before symptoms.
 */
export const TRIAGE_RULES: readonly TriageRule[] = [
  {
    category: 'security',
    words:
      /\b(?:breach|intrusion|unauthori[sz]ed access|brute.?force|malware|ransomware|exfiltrat\w*|credential (?:leak|stuffing)|privilege escalation|rootkit|reverse shell|cve-\d{4}-\d+)\b/i,
    severity: 'critical',
  },
  {
    category: 'data',
    words:
      /\b(?:data loss|lost data|corrupt(?:ed|ion)?|backup (?:failed|missing|failure)|split.?brain|inconsistent data)\b/i,
    severity: 'critical',
  },
  {
    category: 'data',
    words: /\b(?:replica(?:tion)? (?:lag|stopped|broken|failed)|poison (?:message|record)|dead.?letter)\b/i,
    severity: 'high',
  },
  {
    category: 'deployment',
    words:
      /\b(?:(?:deploy(?:ment)?|rollout|release|migration|pipeline|build)\b[^.\n]{0,40}\b(?:failed|failing|failure|stuck|error)|imagepullbackoff|errimagepull|progressdeadlineexceeded|(?:after|since) (?:the )?(?:deploy\w*|release|rollout))\b/i,
    severity: 'medium',
  },
  {
    category: 'availability',
    words:
      /\b(?:outage|(?:is|are|went|service|site|host|instance) down|unreachable|unavailable|not responding|no healthy|crash ?loop\w*|complete(?:ly)? down|all (?:pods|instances|replicas) (?:down|unhealthy|failing))\b|\b50[34]s?\b/i,
    severity: 'critical',
  },
  {
    category: 'availability',
    words:
      /\b(?:not ?ready|unhealthy|oom.?kill(?:ed|ing)?|restarting|failover|probe failed|heartbeat|certificate (?:has )?expired|dns)\b/i,
    severity: 'high',
  },
  {
    category: 'availability',
    words: /\b(?:certificate|cert|tls|ssl)\b[^.\n]{0,40}\bexpir\w*/i,
    severity: 'medium',
  },
  {
    category: 'errors',
    words:
      /\b(?:5xx|http 5\d\d|500s?|502s?|error (?:rate|ratio|budget)|fatal|panic|exceptions?|failing requests)\b/i,
    severity: 'high',
  },
  {
    category: 'errors',
    words: /\b(?:errors?|fail(?:ed|ing|ures?)|4xx|rejected|timeouts?)\b/i,
    severity: 'medium',
  },
  {
    category: 'latency',
    words: /\b(?:latency|slow(?:er|ness)?|response times?|p9[059]|duration|degraded|apdex|timed out)\b/i,
    severity: 'medium',
  },
  {
    category: 'saturation',
    words:
      /\b(?:disk (?:is )?(?:almost )?full|no space|out of memory|exhaust(?:ed|ion)|too many connections)\b/i,
    severity: 'high',
  },
  {
    category: 'saturation',
    words:
      /\b(?:cpu|memory|disk|storage|saturat\w*|throttl\w*|queue|backlog|lag|capacity|quota|connections|pool|iops|load)\b/i,
    severity: 'medium',
  },
];
