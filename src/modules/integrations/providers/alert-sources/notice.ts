import type { Notice } from '../../api.js';
import { alertsOf } from './alert-group.js';
import { environmentOf, serviceOf } from './normalize.js';

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

/** The entries of a list, or the only one. */
export function eventsOf(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? alertsOf(body, 'body') : [body];
}
