import type { Notice } from '../../api.js';
import { alertsOf } from './alert-group.js';
import { environmentOf, serviceOf } from './normalize.js';

type NoticeFields = Pick<Notice, 'severity'> & {
  readonly [Field in 'sourceAlertId' | 'title' | 'description' | 'service' | 'environment']?:
    string | undefined;
} & {
  readonly state: Notice['state'] | undefined;
  readonly tags?: Notice['tags'];
  readonly metadata?: Notice['metadata'];
};

/** One notice, or none without a state or an id that is not blank. Service and environment default to those of the tags. */
export function noticeOf({ state, sourceAlertId, title = '', tags = {}, ...fields }: NoticeFields): Notice[] {
  if (state === undefined || sourceAlertId === undefined || sourceAlertId.trim() === '') return [];
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

/** What remains of events in the order of time: an alert that fired again after its recovery is not over. */
export function latestOf(notices: readonly Notice[]): Notice[] {
  const [firing, resolved] = [new Map<string, Notice>(), new Map<string, Notice>()];
  for (const notice of notices) {
    if (notice.state === 'firing') resolved.delete(notice.sourceAlertId);
    (notice.state === 'firing' ? firing : resolved).set(notice.sourceAlertId, notice);
  }
  return [...firing.values(), ...resolved.values()];
}
