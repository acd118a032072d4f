import type { Notice } from '../../api.js';
import { objectOf } from '../read-json.js';
import { noticeOf, type States } from './notice.js';
import { firstOf, lookUp, onlyOf, textsOf } from './normalize.js';

/** A run that was stopped neither fires nor resolves. */
const STATES: States = {
  FAILED: 'firing',
  FAILURE: 'firing',
  FAULT: 'firing',
  ERROR: 'firing',
  TIMEOUT: 'firing',
  TIMED_OUT: 'firing',
  ABORTED: 'firing',
  SUCCEEDED: 'resolved',
  SUCCESS: 'resolved',
};
/** Glue and Batch, Step Functions, CodePipeline, CodeBuild, CodeDeploy. */
const NAMES = ['jobName', 'stateMachineArn', 'pipeline', 'project-name', 'deploymentGroup'];

/** A run of a job, whose next success ends the alert of a failed one; any other event yields nothing. */
export function noticesOfJob(body: unknown): Notice[] {
  const event = textsOf(body);
  const detail = textsOf(objectOf(body)['detail']);
  const state = firstOf(detail, ['state', 'status', 'build-status']);
  const job = firstOf(detail, NAMES);
  const { source, account, region, 'detail-type': kind = '' } = event;
  if (!/ Sta(?:te|tus) Change$/.test(kind) || job === undefined) return [];
  const name = job.split(':').at(-1);
  return noticeOf({
    state: lookUp(STATES, state),
    sourceAlertId: [source, account, region, detail['application'], job].filter(Boolean).join('/'),
    title: `${name}: ${state}`,
    description: firstOf(detail, ['message', 'statusReason', 'cause', 'error']),
    severity: 'high',
    service: firstOf(detail, ['application']) ?? name,
    metadata: { ...onlyOf(event, ['account', 'region', 'time', 'detail-type']), ...onlyOf(detail, ['jobRunId', 'jobId', 'executionArn', 'execution-id', 'build-id', 'deploymentId']) },
  }); // prettier-ignore
}
