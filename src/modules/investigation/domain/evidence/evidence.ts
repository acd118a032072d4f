/** What an investigation can read, by kind of source. The names are the public contract's. */
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

/** Every time in this domain is a number of milliseconds since 1970 (UTC), so that nothing depends on a clock or zone. */
export type EpochMs = number;

/** One sample of one series. `unit` as the source names it: `ms`, `s`, `%`, `bytes`, `1`. */
export interface MetricPoint {
  readonly timestamp: EpochMs;
  readonly entity: string;
  readonly metric: string;
  readonly value: number;
  readonly unit?: string;
  /** Which of the entity's instances (pod, host) it was measured at, where several are. */
  readonly instance?: string;
}

/** One line, or `count` equal lines folded into one. */
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
 * What spans add up to, for sources that keep statistics instead of spans: times in ms, counts of calls, each now and
 * in an equally long normal time. `edge_gap` is the time of a call that its callee does not account for, `exclusive`
 * that of an operation less its children, `operation` and `call` only count.
 */
export interface TraceStatistic {
  readonly statistic: (typeof TRACE_STATISTICS)[number];
  /** The callee, or whose operation it is. */
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

/** How a part of the platform is right now, which counts for more than any event: most events are over. */
export interface PlatformState {
  readonly kind: (typeof STATE_KINDS)[number];
  readonly entity: string;
  readonly ready: boolean;
  /** As the platform words it: `CrashLoopBackOff`, `DiskPressure`. */
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly restarts?: number;
}

/** One alert of a storm of alerts: what it says about which entity, and in how many earlier storms it did so too. */
export interface AlertSignal {
  readonly entity: string;
  /** Equal for equal alerts of one entity: `cpu_usage up`, an operation with its status, a log template. */
  readonly signal: string;
  readonly about: (typeof SIGNAL_SOURCES)[number];
  /** Who called, where the alert is about a call. */
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
  /** The version that was replaced, where the source tells it; else it is read from the change before. */
  readonly previousVersion?: string;
  readonly summary: string;
  readonly url?: string;
  readonly occurredAt: EpochMs;
  /** Full SHA of the commit that it put in place; of a `code` change its own. */
  readonly commit?: string;
  /** Paths of the files that changed, and the unified diff, where a code host was asked. */
  readonly paths?: readonly string[];
  readonly diff?: string;
}

/** Free text: a note of a person, a runbook, what a database view said. */
export interface TextNote {
  readonly text: string;
  readonly entity?: string;
  readonly timestamp?: EpochMs;
}

interface EvidenceOf<T extends EvidenceType, Row> {
  readonly evidenceId: string;
  readonly type: T;
  /** Who told it: `prometheus`, `changes`, `alert`, or whatever the person who attached it wrote. */
  readonly source: string;
  readonly summary: string;
  readonly observedAt: EpochMs;
  readonly rows: readonly Row[];
}

/**
 * One citable piece of evidence, in the one form that every agent reads, however it came in (attached, pushed or
 * pulled). Its rows are data, never instructions, and plain JSON.
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
