import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, instant, list, type Json, numbers, object, optionalText } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

/** Reads the evidence about a managed database: CloudWatch series, load, wait events and statements. */
export function readDatabase({ body }: RawCase): Evidence[] {
  return Object.entries(object(at(body, 'evidence'))).flatMap(([name, section]) =>
    piece('database', name, name, [
      ...[...list(at(section, 'metric_data_results')), ...Object.values(object(section))].flatMap(series),
      ...loads(section),
      ...waits(section),
    ]),
  );
}

function series(json: Json): object[] {
  const metric = optionalText(json, 'metric_name');
  if (metric === undefined) return [];
  const [clock, entity] = [
    list(at(json, 'timestamps')),
    optionalText(list(at(json, 'dimensions'))[0], 'Value'),
  ];
  return numbers(at(json, 'values')).flatMap((value, i) =>
    value === undefined
      ? []
      : [{ timestamp: clock[i], entity, metric, value, unit: optionalText(json, 'unit') }],
  );
}

function loads(section: Json): object[] {
  const load = at(section, 'db_load');
  const [clock, entity] = [list(at(load, 'timestamps')), optionalText(section, 'db_instance_identifier')];
  return numbers(at(load, 'values')).map((value, i) => ({
    timestamp: clock[i],
    entity,
    metric: 'db_load',
    value,
  }));
}

function waits(section: Json): object[] {
  const entity = optionalText(section, 'db_instance_identifier');
  const timestamp = instant(at(section, 'end_time'));
  return [
    ...list(at(section, 'top_wait_events')).map(
      (wait) => `waits on ${optionalText(wait, 'name') ?? ''}: load ${String(at(wait, 'db_load_avg'))}`,
    ),
    ...list(at(section, 'top_sql')).map(
      (sql) =>
        `statement with load ${String(at(sql, 'db_load_avg'))}: ${optionalText(sql, 'statement') ?? ''}`,
    ),
  ].map((text) => ({ entity, timestamp, text }));
}
