import type { Notice } from '../../api.js';
import { environmentOf, serviceOf } from './normalize.js';

type NoticeFields = Pick<Notice, 'severity'> & {
  readonly [Field in 'sourceAlertId' | 'title' | 'description' | 'service' | 'environment']?:
    string | undefined;
} & {
  readonly state: Notice['state'] | undefined;
  readonly tags?: Notice['tags'];
  readonly metadata?: Notice['metadata'];
};

/** One notice, or none without a state or an id. Service and environment default to those of the tags. */
export function noticeOf({ state, sourceAlertId, title = '', tags = {}, ...fields }: NoticeFields): Notice[] {
  if (state === undefined || sourceAlertId === undefined || sourceAlertId === '') return [];
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
