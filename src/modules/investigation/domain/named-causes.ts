import type { FailureMode } from './failure-mode.js';
import type { CauseCategory } from './hypothesis.js';

/** A cause that an error message names by itself. */
export interface NamedCause {
  readonly name: string;
  readonly category: Extract<CauseCategory, 'resource' | 'demand' | 'dependency' | 'external'>;
  /** Reads on after the name of the entity that logged it. */
  readonly says: string;
  readonly words: RegExp;
  readonly failureMode?: FailureMode;
}

/** The first that matches is taken, so the specific stand before the general. All patterns are linear. */
const NAMED_CAUSES: readonly NamedCause[] = [
  {
    name: 'memory',
    failureMode: 'oom_killed',
    category: 'resource',
    says: 'ran out of memory',
    words:
      /out of memory|oom.?kill|java heap space|cannot allocate memory|\benomem\b|exit code 137|memory limit/i,
  },
  {
    name: 'disk',
    failureMode: 'storage_full',
    category: 'resource',
    says: 'ran out of disk space',
    words: /no space left|\benospc\b|disk (?:is )?full|storage.?full|filesystem full/i,
  },
  {
    name: 'connections',
    failureMode: 'connection_exhaustion',
    category: 'resource',
    says: 'ran out of connections',
    words:
      /too many (?:connections|clients)|pool (?:is )?exhausted|connection slots|unable to acquire (?:a )?connection|too many open files|\bemfile\b|(?:acquir|wait)ing for (?:a )?connection/i,
  },
  {
    name: 'locks',
    category: 'resource',
    says: 'waits for locks',
    words: /deadlock|lock wait timeout|could not obtain lock|lock timeout/i,
  },
  {
    name: 'load',
    category: 'demand',
    says: 'gets more work than it can take',
    words: /overload|load.?shed|shedding load|queue (?:is )?full|(?:worker|thread) pool (?:is )?saturated/i,
  },
  {
    name: 'dns',
    failureMode: 'dns_resolution_failure',
    category: 'external',
    says: 'cannot resolve names (DNS)',
    words:
      /no such host|name resolution|\bgetaddrinfo\b|\benotfound\b|\beai_again\b|nxdomain|servfail|could not resolve|\bdns\b/i,
  },
  {
    name: 'certificate',
    category: 'external',
    says: 'meets a certificate that is not valid',
    words:
      /\bx509\b|certificate (?:has )?expired|cert_has_expired|certificate verify|self.signed certificate/i,
  },
  {
    name: 'provider',
    category: 'external',
    says: 'gets failures from an outside provider',
    words:
      /\b(?:provider|third.party|vendor|partner)\b[^\n]{0,80}(?:unavailable|outage|down\b|5\d\d|time.?out|degraded|failing|error)/i,
  },
  {
    name: 'provider',
    category: 'external',
    says: 'gets failures from outside',
    words:
      /https?:\/\/(?![\w-]+(?:[:/]|$))[\w.-]{1,100}\.(?:com|net|io|org|dev|cloud|app|co)\b[^\n]{0,120}(?:\b(?:429|5\d\d)\b|time.?out|deadline|refused|unavailable|reset)/i,
  },
  {
    name: 'bad data',
    category: 'external',
    says: 'is stuck on data that it was given',
    words:
      /(?:invalid|malformed|corrupt|out of range|validation|unparse?able|poison|bad)[^\n]{0,160}(?:\boffset\b|\bpartition\b|record_?id|message_?id|row_?id)|redeliver[^\n]{0,40}same/i,
  },
  {
    name: 'neighbour',
    category: 'external',
    says: 'suffers from what else runs on its host',
    words:
      /noisy.neighbou?r|cpu steal|steal time|co.?tenant|host contention|node (?:cpu|disk|memory|io) (?:contention|saturat)/i,
  },
  {
    name: 'region',
    category: 'external',
    says: 'meets a failing region or zone',
    words: /\b(?:region|availability zone)\b[^\n]{0,80}(?:unavailable|outage|degraded|impaired|unreachable)/i,
  },
  {
    name: 'node',
    failureMode: 'node_not_ready',
    category: 'external',
    says: 'lost the node it ran on',
    words: /node.?not.?ready|node is not ready|\bevicted\b|disk.?pressure|memory.?pressure|preempted/i,
  },
  {
    name: 'limit',
    category: 'dependency',
    says: 'is refused by a rate limit',
    words: /rate.?limit|too many requests|throttl/i,
  },
  {
    name: 'unreachable',
    category: 'dependency',
    says: 'cannot reach something it depends on',
    words: /connection refused|\beconnrefused\b|no route to host|host unreachable|upstream connect error/i,
  },
];

export function namedCauseIn(message: string): NamedCause | undefined {
  const start = message.slice(0, 1024);
  return NAMED_CAUSES.find(({ words }) => words.test(start));
}
