import { invalid } from '#kernel/domain/errors';
import type { Notice } from '../../api.js';
import { environmentOf, serviceOf } from './normalize.js';

/** A body has no room for more alerts with labels and times. Of empty ones it would hold hundreds of thousands. */
const MAX_ALERTS = 10_000;

/** What each word of a tool means; others are ignored. */
export type States = Readonly<Record<string, Notice['state']>>;

interface NoticeFields {
  readonly state: Notice['state'] | undefined;
  readonly sourceAlertId?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly severity: Notice['severity'];
  readonly service?: string | null | undefined;
  readonly environment?: string | null | undefined;
  readonly tags?: Notice['tags'];
  readonly metadata?: Notice['metadata'];
}

/** One notice, or none without a state or an id that is not blank. Service and environment default to those of the tags. */
export function noticeOf({ state, sourceAlertId, title = '', tags = {}, ...fields }: NoticeFields): Notice[] {
  if (state === undefined || !sourceAlertId?.trim()) return [];
  return [
    {
      state,
      sourceAlertId,
      title,
      tags,
      description: fields.description ?? title,
      severity: fields.severity,
      service: fields.service ?? serviceOf(tags),
      environment: fields.environment ?? environmentOf(tags),
      metadata: fields.metadata ?? {},
    },
  ];
}

/**
 * The alerts of one body.
 * @throws Refusal `validation_error` for what is not a list, or has too many
 */
export function alertsOf(list: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(list)) throw invalid(field, 'must be a list');
  if (list.length > MAX_ALERTS) throw invalid(field, `must have at most ${MAX_ALERTS} entries`);
  return list;
}

/** The entries of a list, or the only one. */
export function eventsOf(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? alertsOf(body, 'body') : [body];
}
