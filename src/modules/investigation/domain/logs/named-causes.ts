import type { FailureMode } from '../platform/failure-mode.js';
import type { CauseCategory } from '../hypothesis.js';

/** A root cause that an error message states by itself. */
export interface NamedCause {
  readonly name: string;
  readonly category: Extract<CauseCategory, 'resource' | 'demand' | 'dependency' | 'external'>;
  /** The predicate of a sentence whose subject is the entity that logged the message. */
  readonly predicate: string;
  readonly pattern: RegExp;
  readonly failureMode?: FailureMode;
}

/** A public host name; not `java.io.IOException`, nor a name inside a cluster. */
const PUBLIC_HOST = '\\b(?:[a-z0-9-]{1,63}\\.){1,6}(?:com|net|io|org|dev|cloud|app|co)\\b(?![.\\w-])';
const FAILS =
  '(?:\\b(?:429|5\\d\\d)\\b|time.?d?.?out|deadline|expired connecting|refused|unavailable|reset\\b|temporary)';

/** The first match wins, so specific patterns come before general ones. All patterns run in linear time. */
const NAMED_CAUSES: readonly NamedCause[] = [
  {
    name: 'memory',
    failureMode: 'oom_killed',
    category: 'resource',
    predicate: 'ran out of memory',
    pattern:
      /out of memory|oom.?kill|java heap space|cannot allocate memory|\benomem\b|exit code 137|memory limit/i,
  },
  {
    name: 'disk',
    failureMode: 'storage_full',
    category: 'resource',
    predicate: 'ran out of disk space',
    pattern: /no space left|\benospc\b|disk (?:is )?full|storage.?full|filesystem full/i,
  },
  {
    name: 'connections',
    failureMode: 'connection_exhaustion',
    category: 'resource',
    predicate: 'ran out of connections',
    pattern:
      /too many (?:connections|clients)|pool (?:is )?exhausted|pool limit|connection slots|unable to acquire (?:a )?connection|too many open files|\bemfile\b|(?:acquir|wait)ing for (?:a )?connection/i,
  },
  {
    name: 'locks',
    category: 'resource',
    predicate: 'waits for locks',
    pattern: /deadlock|lock wait timeout|could not obtain lock|lock timeout/i,
  },
  {
    name: 'load',
    category: 'demand',
    predicate: 'gets more work than it can take',
    pattern:
      /overload|load.?shed|shedding load|\bqueue\b[^\n]{0,30}(?:\bfull\b|depth|above|limit)|(?:worker|thread) pool (?:is )?saturated|back.?pressure|request volume/i,
  },
  {
    name: 'dns',
    failureMode: 'dns_resolution_failure',
    category: 'external',
    predicate: 'cannot resolve names (DNS)',
    pattern:
      /no such host|name resolution|name or service not known|unknown ?host|\bgetaddrinfo\b|\bgaierror\b|\benotfound\b|\beai_again\b|nxdomain|servfail|could not resolve|\bdns\b|\blookup \S{1,200}[^\n]{0,60}(?:time.?out|misbehaving)/i,
  },
  {
    name: 'certificate',
    category: 'external',
    predicate: 'meets a certificate that is not valid',
    pattern:
      /\bx509\b|certificate[^\n]{0,40}(?:expired|revoked|not (?:yet )?valid)|cert_has_expired|certificate.?verify|certpath|\bpkix\b|\bnotafter\b|self.signed certificate/i,
  },
  {
    name: 'credential',
    category: 'external',
    predicate: 'uses a credential or a licence that has run out',
    pattern:
      /(?:refresh|security|access|service|api|session)[ _-]?(?:token|key|account)[^\n]{0,60}(?:expired|revoked|disabled)|(?:client.?secret|licen[cs]e|subscription|credentials?)[^\n]{0,60}(?:expired|revoked|suspended)|expired.?token|invalid_session/i,
  },
  {
    name: 'clock',
    category: 'external',
    predicate: 'meets clocks that do not agree',
    pattern:
      /clock.?(?:skew|drift)|clock[^\n]{0,20}(?:backwards?|wrong)|time.?too.?skewed|system clock|\b(?:ntp|chrony)d?\b|(?:\biat\b|issued|timestamp|token)[^\n]{0,40}in the future|not.?yet.?valid/i,
  },
  {
    name: 'provider',
    category: 'external',
    predicate: 'gets failures from an outside provider',
    pattern:
      /\b(?:provider|third.party|vendor|partner|carrier)\b[^\n]{0,80}(?:unavailable|outage|down\b|5\d\d|time.?out|degraded|failing|error)|by the (?:cloud )?provider\b|over_query_limit|daily (?:request )?quota/i,
  },
  {
    name: 'provider',
    category: 'external',
    predicate: 'gets failures from a service of the cloud',
    pattern:
      /\((?:slowdown|internalerror|internalfailure|serviceunavailable|throttling\w*|requesttimeout)\) when calling|operational.?issue|scheduled maintenance|insufficient (?:instance )?capacity|spot (?:instance )?(?:interruption|reclaim)|capacity reclaimed/i,
  },
  {
    name: 'provider',
    category: 'external',
    predicate: 'gets failures from outside',
    pattern: new RegExp(`${PUBLIC_HOST}[^\\n]{0,120}${FAILS}|${FAILS}[^\\n]{0,80}${PUBLIC_HOST}`, 'i'),
  },
  {
    name: 'bad data',
    category: 'external',
    predicate: 'is stuck on data that it was given',
    pattern:
      /(?:invalid|malformed|corrupt|out of range|validation|unparse?able|poison|bad|not a (?:number|date)|cannot (?:apply|parse|decode|unmarshal|deseriali[sz]e))[^\n]{0,160}(?:\boffset\b|\bpartition\b|record_?id|message_?id|row_?id|\b(?:supplier|producer|partner|vendor|feed)=)|redeliver[^\n]{0,40}same|\bsame offset\b|\.(?:csv|xml|json|parquet|xlsx)\b[^\n]{0,60}(?:rows?|records?|lines?)[^\n]{0,20}invalid/i,
  },
  {
    name: 'neighbour',
    category: 'external',
    predicate: 'suffers from what else runs on its host',
    pattern:
      /noisy.neighbou?r|cpu steal|steal time|starved by hypervisor|co.?tenant|host contention|node (?:cpu|disk|memory|io) (?:contention|saturat)/i,
  },
  {
    name: 'region',
    category: 'external',
    predicate: 'meets a failing region or zone',
    pattern:
      /(?:\b(?:region|availability zone|zone)\b|\b[a-z]{2}-[a-z]{4,9}-\d[a-z]?\b)[^\n]{0,80}(?:unavailable|outage|degraded|impaired|unreachable|connection reset|timed out|internal ?failure)|time.?d?.?out[^\n]{0,40}\bzone\b/i,
  },
  {
    name: 'node',
    failureMode: 'node_not_ready',
    category: 'external',
    predicate: 'lost the node it ran on',
    pattern:
      /node.?not.?ready|node is not ready|\bevicted\b|low on resource|eviction manager|disk.?pressure|memory.?pressure|preempted/i,
  },
  {
    name: 'hardware',
    category: 'external',
    predicate: 'meets a device that fails',
    pattern:
      /\bi\/o error\b|ext4-fs error|xfs[^\n]{0,40}(?:error|shutdown)|machine check|uncorrectable|remounting filesystem read-only/i,
  },
  {
    name: 'network',
    category: 'external',
    predicate: 'lost the network between its parts',
    pattern:
      /no route to host|network is unreachable|host unreachable|link (?:is )?down|\bflapping\b|packet loss|network partition|lost[^\n]{0,30}connection with peer|contact quorum|\blacp\b|port.channel/i,
  },
  {
    name: 'primary',
    category: 'external',
    predicate: 'lost the primary that it wrote to',
    pattern:
      /administrator command|in recovery mode|read-only transaction|\breadonly\b you can|not.?leader|leader_not_available|\bno leader\b|previous leader failure/i,
  },
  {
    name: 'limit',
    category: 'dependency',
    predicate: 'is refused by a rate limit',
    pattern: /rate.?limit|too many requests|throttl/i,
  },
  {
    name: 'unreachable',
    category: 'dependency',
    predicate: 'cannot reach something it depends on',
    pattern: /connection refused|\beconnrefused\b|upstream connect error/i,
  },
];

export function namedCauseIn(message: string): NamedCause | undefined {
  const start = message.slice(0, 1024);
  return NAMED_CAUSES.find(({ pattern }) => pattern.test(start));
}
