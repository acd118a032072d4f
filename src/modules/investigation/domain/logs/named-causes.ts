import type { FailureMode } from '../platform/failure-mode.js';
import type { CauseCategory } from '../hypothesis.js';

/** A cause that an error message names by itself. */
export interface NamedCause {
  readonly name: string;
  readonly category: Extract<CauseCategory, 'resource' | 'demand' | 'dependency' | 'external'>;
  /** Reads on after the name of the entity that logged it. */
  readonly says: string;
  readonly words: RegExp;
  readonly failureMode?: FailureMode;
}

/** A host of the public net; `java.io.IOException` and names inside a cluster are none. */
const PUBLIC_HOST = '\\b(?:[a-z0-9-]{1,63}\\.){1,6}(?:com|net|io|org|dev|cloud|app|co)\\b(?![.\\w-])';
const FAILS =
  '(?:\\b(?:429|5\\d\\d)\\b|time.?d?.?out|deadline|expired connecting|refused|unavailable|reset\\b|temporary)';

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
      /too many (?:connections|clients)|pool (?:is )?exhausted|pool limit|connection slots|unable to acquire (?:a )?connection|too many open files|\bemfile\b|(?:acquir|wait)ing for (?:a )?connection/i,
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
    words:
      /overload|load.?shed|shedding load|\bqueue\b[^\n]{0,30}(?:\bfull\b|depth|above|limit)|(?:worker|thread) pool (?:is )?saturated|back.?pressure|request volume/i,
  },
  {
    name: 'dns',
    failureMode: 'dns_resolution_failure',
    category: 'external',
    says: 'cannot resolve names (DNS)',
    words:
      /no such host|name resolution|name or service not known|unknown ?host|\bgetaddrinfo\b|\bgaierror\b|\benotfound\b|\beai_again\b|nxdomain|servfail|could not resolve|\bdns\b|\blookup \S{1,200}[^\n]{0,60}(?:time.?out|misbehaving)/i,
  },
  {
    name: 'certificate',
    category: 'external',
    says: 'meets a certificate that is not valid',
    words:
      /\bx509\b|certificate[^\n]{0,40}(?:expired|revoked|not (?:yet )?valid)|cert_has_expired|certificate.?verify|certpath|\bpkix\b|\bnotafter\b|self.signed certificate/i,
  },
  {
    name: 'credential',
    category: 'external',
    says: 'uses a credential or a licence that has run out',
    words:
      /(?:refresh|security|access|service|api|session)[ _-]?(?:token|key|account)[^\n]{0,60}(?:expired|revoked|disabled)|(?:client.?secret|licen[cs]e|subscription|credentials?)[^\n]{0,60}(?:expired|revoked|suspended)|expired.?token|invalid_session/i,
  },
  {
    name: 'clock',
    category: 'external',
    says: 'meets clocks that do not agree',
    words:
      /clock.?(?:skew|drift)|clock[^\n]{0,20}(?:backwards?|wrong)|time.?too.?skewed|system clock|\b(?:ntp|chrony)d?\b|(?:\biat\b|issued|timestamp|token)[^\n]{0,40}in the future|not.?yet.?valid/i,
  },
  {
    name: 'provider',
    category: 'external',
    says: 'gets failures from an outside provider',
    words:
      /\b(?:provider|third.party|vendor|partner|carrier)\b[^\n]{0,80}(?:unavailable|outage|down\b|5\d\d|time.?out|degraded|failing|error)|by the (?:cloud )?provider\b|over_query_limit|daily (?:request )?quota/i,
  },
  {
    name: 'provider',
    category: 'external',
    says: 'gets failures from a service of the cloud',
    words:
      /\((?:slowdown|internalerror|internalfailure|serviceunavailable|throttling\w*|requesttimeout)\) when calling|operational.?issue|scheduled maintenance|insufficient (?:instance )?capacity|spot (?:instance )?(?:interruption|reclaim)|capacity reclaimed/i,
  },
  {
    name: 'provider',
    category: 'external',
    says: 'gets failures from outside',
    words: new RegExp(`${PUBLIC_HOST}[^\\n]{0,120}${FAILS}|${FAILS}[^\\n]{0,80}${PUBLIC_HOST}`, 'i'),
  },
  {
    name: 'bad data',
    category: 'external',
    says: 'is stuck on data that it was given',
    words:
      /(?:invalid|malformed|corrupt|out of range|validation|unparse?able|poison|bad|not a (?:number|date)|cannot (?:apply|parse|decode|unmarshal|deseriali[sz]e))[^\n]{0,160}(?:\boffset\b|\bpartition\b|record_?id|message_?id|row_?id|\b(?:supplier|producer|partner|vendor|feed)=)|redeliver[^\n]{0,40}same|\bsame offset\b|\.(?:csv|xml|json|parquet|xlsx)\b[^\n]{0,60}(?:rows?|records?|lines?)[^\n]{0,20}invalid/i,
  },
  {
    name: 'neighbour',
    category: 'external',
    says: 'suffers from what else runs on its host',
    words:
      /noisy.neighbou?r|cpu steal|steal time|starved by hypervisor|co.?tenant|host contention|node (?:cpu|disk|memory|io) (?:contention|saturat)/i,
  },
  {
    name: 'region',
    category: 'external',
    says: 'meets a failing region or zone',
    words:
      /(?:\b(?:region|availability zone|zone)\b|\b[a-z]{2}-[a-z]{4,9}-\d[a-z]?\b)[^\n]{0,80}(?:unavailable|outage|degraded|impaired|unreachable|connection reset|timed out|internal ?failure)|time.?d?.?out[^\n]{0,40}\bzone\b/i,
  },
  {
    name: 'node',
    failureMode: 'node_not_ready',
    category: 'external',
    says: 'lost the node it ran on',
    words:
      /node.?not.?ready|node is not ready|\bevicted\b|low on resource|eviction manager|disk.?pressure|memory.?pressure|preempted/i,
  },
  {
    name: 'hardware',
    category: 'external',
    says: 'meets a device that fails',
    words:
      /\bi\/o error\b|ext4-fs error|xfs[^\n]{0,40}(?:error|shutdown)|machine check|uncorrectable|remounting filesystem read-only/i,
  },
  {
    name: 'network',
    category: 'external',
    says: 'lost the network between its parts',
    words:
      /no route to host|network is unreachable|host unreachable|link (?:is )?down|\bflapping\b|packet loss|network partition|lost[^\n]{0,30}connection with peer|contact quorum|\blacp\b|port.channel/i,
  },
  {
    name: 'primary',
    category: 'external',
    says: 'lost the primary that it wrote to',
    words:
      /administrator command|in recovery mode|read-only transaction|\breadonly\b you can|not.?leader|leader_not_available|\bno leader\b|previous leader failure/i,
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
    words: /connection refused|\beconnrefused\b|upstream connect error/i,
  },
];

export function namedCauseIn(message: string): NamedCause | undefined {
  const start = message.slice(0, 1024);
  return NAMED_CAUSES.find(({ words }) => words.test(start));
}
