import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, instant, list, numeric, object, optionalText, type Json } from './json.js';
import type { RawCase } from './load-cases.js';
import { pieceForEach } from './piece.js';
import type { CaseTimes } from './case-times.js';

interface Line {
  readonly timestamp: number;
  readonly entity: string;
  readonly message: string;
  readonly level?: string | undefined;
  readonly count?: number;
}

const MINUTE = 60_000;
/** Lines with a larger offset come from a clock that was not set, and are dropped. */
const MAX_OFFSET_SECONDS = 7 * 24 * 3600;
/** Fields that are appended to the message. */
const STACK_FIELDS = ['stack', 'goroutine_stack', 'exception', 'stacktrace'];

/** Reads log lines, lines folded by message, and message patterns with counts. */
export function readLogs({ body, baselineLogs }: RawCase, times: CaseTimes): Evidence[] {
  const own = foldedLines(at(body, 'logs'), times.startedAt);
  const normal = foldedLines(baselineLogs, 0);
  const [first, last] = [
    Math.min(...own.map(({ timestamp }) => timestamp)),
    Math.max(...normal.map(({ timestamp }) => timestamp)),
  ];
  // The baseline lines are of another time of day; they are shifted to end 10 s before the case's own lines.
  const moved = normal.map((line) => ({ ...line, timestamp: line.timestamp + first - last - MINUTE / 6 }));
  const lines = [
    ...list(at(body, 'logs', 'lines')).flatMap(lineOf),
    ...own,
    ...(own.length > 0 ? moved : []),
  ];
  const patterns = list(at(body, 'log_patterns')).flatMap((pattern) => patternLines(pattern, lines, times));
  return [
    ...pieceForEach('log', 'logs', 'logs', lines),
    ...pieceForEach('log', 'log-patterns', 'log patterns', patterns),
    ...Object.entries(object(at(body, 'evidence'))).flatMap(([name, section]) =>
      pieceForEach('log', name, name, [...list(at(section, 'logs')).flatMap(lineOf), ...podLog(section)]),
    ),
  ];
}

function lineOf(json: Json): Line[] {
  const timestamp = instant(at(json, 'timestamp'));
  const message = optionalText(json, 'msg', 'message');
  if (timestamp === undefined || message === undefined) return [];
  const parts = STACK_FIELDS.map((part) => optionalText(json, part)).filter((part) => part !== undefined);
  return [
    {
      timestamp,
      entity: optionalText(json, 'service', 'entity', 'host') ?? '',
      message: [message, ...parts].join(' '),
      level: optionalText(json, 'severity_text', 'level', 'status', 'severity'),
      count: numeric(at(json, 'count')) ?? 1,
    },
  ];
}

/** Rows of `[seconds from the start, entity, message, count]`; entity and message are indexes into lists. */
function foldedLines(logs: Json, startedAt: number): Line[] {
  const [entities, messages] = [list(at(logs, 'entities')), list(at(logs, 'messages'))];
  return list(at(logs, 'rows')).flatMap((row) => {
    const [seconds, entity, message, count] = list(row).map(numeric);
    const text = messages[message ?? -1];
    if (seconds === undefined || Math.abs(seconds) > MAX_OFFSET_SECONDS || typeof text !== 'string')
      return [];
    const level = /^(trace|debug|info|warn|warning|error|fatal)\b/i.exec(text)?.[1];
    return [
      {
        timestamp: startedAt + seconds * 1000,
        entity: named(entities[entity ?? -1]),
        message: text,
        level,
        count: count ?? 1,
      },
    ];
  });
}

/**
 * A pattern with `count` lines now, `delta_vs_baseline` more than in the baseline. The baseline's lines are placed at the
 * time of the first line.
 */
function patternLines(pattern: Json, lines: readonly Line[], { alertedAt }: CaseTimes): Line[] {
  const [message, count] = [optionalText(pattern, 'signature', 'pattern'), numeric(at(pattern, 'count'))];
  if (message === undefined || count === undefined) return [];
  const more = Number(at(pattern, 'delta_vs_baseline') ?? 0);
  const entity = optionalText(pattern, 'service', 'entity') ?? '';
  const level = optionalText(pattern, 'sentiment') === 'negative' ? 'error' : 'info';
  const start = lines.reduce((least, { timestamp }) => Math.min(least, timestamp), alertedAt - 60 * MINUTE);
  const before = Math.max(0, count - (Number.isFinite(more) ? more : 0));
  return [
    ...(before > 0 ? [{ timestamp: start, entity, message, level, count: before }] : []),
    { timestamp: alertedAt, entity, message, level, count },
  ];
}

/** The log of a pod as one text, with a time at the start of each line. */
function podLog(section: Json): Line[] {
  const text = optionalText(section, 'logs');
  const entity = optionalText(section, 'pod_name') ?? '';
  if (text === undefined) return [];
  return text.split('\n').flatMap((line) => {
    const [time = '', ...words] = line.split(' ');
    const timestamp = instant(time);
    return timestamp === undefined || words.length === 0
      ? []
      : [{ timestamp, entity, message: words.join(' ') }];
  });
}

function named(entity: Json): string {
  return typeof entity === 'string' ? entity : '';
}
