/** Kinds of evidence. The names are part of the public API. */
export const EVIDENCE_TYPES = [
  'log',
  'metric',
  'trace',
  'deployment',
  'code_change',
  'config_change',
  'topology',
  'platform_event',
  'database',
  'runbook',
  'note',
] as const;
export type EvidenceType = (typeof EVIDENCE_TYPES)[number];

/** Milliseconds since 1970 (UTC), the one representation of time in this domain: independent of clocks and zones. */
export type EpochMs = number;

/** One sample of one time series. `unit` as the source names it: `ms`, `s`, `%`, `bytes`, `1`. */
export interface MetricPoint {
  readonly timestamp: EpochMs;
  readonly entity: string;
  readonly metric: string;
  readonly value: number;
  readonly unit?: string;
  /** The instance (pod, host) that was measured, when the entity has several. */
  readonly instance?: string;
}

/** One log line, or `count` equal lines folded into one. */
export interface LogLine {
  readonly timestamp: EpochMs;
  readonly entity: string;
  readonly level?: string;
  readonly message: string;
  readonly count?: number;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly entity: string;
  readonly operation: string;
  readonly startedAt: EpochMs;
  readonly durationMs: number;
  readonly status?: string;
}

/**
 * Aggregated spans, for sources that keep statistics instead of spans: durations in ms and counts, for the incident
 * window and for a baseline window of equal length. `edge_gap` is the part of a call's duration that its callee does not
 * account for (network and queueing), `exclusive` an operation's self time (its duration minus that of its children),
 * `operation` and `call` are counts only.
 */
export interface TraceStatistic {
  readonly statistic: (typeof TRACE_STATISTICS)[number];
  /** The callee, or the owner of the operation. */
  readonly entity: string;
  readonly operation?: string;
  readonly caller?: string;
  readonly callerOperation?: string;
  readonly count: number;
  readonly mean?: number;
  readonly median?: number;
  readonly baselineCount: number;
  readonly baselineMean?: number;
  readonly baselineMedian?: number;
}

export const TRACE_STATISTICS = ['edge_gap', 'exclusive', 'operation', 'call'] as const;

export const STATE_KINDS = ['pod', 'deployment', 'node', 'monitor', 'database'] as const;

/** The current state of a platform object. It outweighs events, most of which are over. */
export interface PlatformState {
  readonly kind: (typeof STATE_KINDS)[number];
  readonly entity: string;
  readonly ready: boolean;
  /** In the platform's own terms: `CrashLoopBackOff`, `DiskPressure`. */
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly restarts?: number;
}

/** One alert of an alert storm, and in how many earlier storms (`seenBefore` of `stormsBefore`) it fired too. */
export interface AlertSignal {
  readonly entity: string;
  /** Identifies the alert within its entity: `cpu_usage up`, an operation with its status, a log template. */
  readonly signal: string;
  readonly about: (typeof SIGNAL_SOURCES)[number];
  /** The caller, when the alert is about a call. */
  readonly caller?: string;
  readonly seenBefore: number;
  readonly stormsBefore: number;
}

export const SIGNAL_SOURCES = ['metric', 'trace', 'log'] as const;

/** `caller` depends on `callee`. */
export interface TopologyEdge {
  readonly caller: string;
  readonly callee: string;
}

export const CHANGE_TYPES = ['deploy', 'config', 'flag', 'schema', 'infra', 'code'] as const;
/** `code` is a commit that may or may not have been deployed; all others took effect at `occurredAt`. */
export type ChangeType = (typeof CHANGE_TYPES)[number];

export interface Change {
  readonly changeId?: string;
  readonly type: ChangeType;
  readonly service: string;
  readonly environment?: string;
  readonly version?: string;
  /** The version that was replaced, if the source reports it; otherwise it is taken from the previous change. */
  readonly previousVersion?: string;
  readonly summary: string;
  readonly url?: string;
  readonly occurredAt: EpochMs;
  /** Full SHA of the deployed commit; for a `code` change, of the commit itself. */
  readonly commit?: string;
  /** Paths of the changed files and the unified diff, when a code host was queried. */
  readonly paths?: readonly string[];
  readonly diff?: string;
}

/** Free text: a person's note, a runbook, the output of a database view. */
export interface TextNote {
  readonly text: string;
  readonly entity?: string;
  readonly timestamp?: EpochMs;
}

interface EvidenceOf<T extends EvidenceType, Row> {
  readonly evidenceId: string;
  readonly type: T;
  /** `prometheus`, `changes`, `alert`, or what the person who attached it entered. */
  readonly source: string;
  readonly summary: string;
  readonly observedAt: EpochMs;
  readonly rows: readonly Row[];
}

/**
 * One citable piece of evidence, in the form that every agent reads, whether it was attached, pushed or pulled. Its
 * rows are plain JSON, and data only: nothing in them is an instruction.
 */
export type Evidence =
  | EvidenceOf<'metric', MetricPoint>
  | EvidenceOf<'log', LogLine>
  | EvidenceOf<'platform_event', LogLine | PlatformState | AlertSignal>
  | EvidenceOf<'trace', Span | TraceStatistic>
  | EvidenceOf<'topology', TopologyEdge>
  | EvidenceOf<'deployment' | 'code_change' | 'config_change', Change>
  | EvidenceOf<'database', MetricPoint | TextNote>
  | EvidenceOf<'runbook' | 'note', TextNote>;
