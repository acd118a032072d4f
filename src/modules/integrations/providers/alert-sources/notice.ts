import type { Notice } from '../../api.js';
import { environmentOf, serviceOf } from './words.js';

type Told = Pick<Notice, 'severity'> & {
  readonly [Field in 'sourceAlertId' | 'title' | 'description' | 'service' | 'environment']?:
    string | undefined;
} & {
  readonly state: Notice['state'] | undefined;
  readonly tags?: Notice['tags'];
  readonly metadata?: Notice['metadata'];
};

/** One notice; none without a state or an id, since nothing could be done with it. Tags name what nothing else names. */
export function noticeOf({ state, sourceAlertId, title = '', tags = {}, ...told }: Told): Notice[] {
  if (state === undefined || sourceAlertId === undefined || sourceAlertId === '') return [];
  return [
    {
      state,
      sourceAlertId,
      title,
      tags,
      description: told.description ?? title,
      severity: told.severity,
      service: told.service ?? serviceOf(tags),
      environment: told.environment ?? environmentOf(tags),
      metadata: told.metadata ?? {},
    },
  ];
}
