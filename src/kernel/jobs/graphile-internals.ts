import type { Task } from 'graphile-worker';
import { asDatabaseError, DatabaseDownError } from '../persistence/database-errors.js';

/*
 * Everything here relies on how graphile-worker 0.17.3 (schema migration 19) works inside, for lack of a supported way.
 * test/kernel/graphile-internals.e2e-spec.ts fails when an upgrade changes one of these facts:
 *
 * 1. `_private_jobs` and `_private_job_queues` hold one row for each job and for each queue name ever used. A worker pool
 *    that takes a job writes its id into `locked_by` of the job and of its queue, and the time into `locked_at`.
 * 2. A worker does not wait for the write that ends a job, and does not handle its rejection.
 * 3. `add_jobs` inserts the queue first and the job after it; ending a job touches the job first and the queue after it.
 * 4. A job that succeeds is deleted, whoever holds it by then. One that fails is changed only while its pool still holds it.
 * 5. Each time a job is taken, `attempts` grows. When one with the same key is added while it runs, it becomes `max_attempts`.
 *
 * The rest of the code uses what is documented: `run`, its events, `add_jobs`, the view `jobs`, `force_unlock_workers`.
 */

/**
 * Frees one job of a pool that is alive, $1 the job and $2 the pool. (`force_unlock_workers` frees all jobs of a pool, so it is
 * for dead pools only. `reschedule_jobs` refuses locked jobs.)
 */
export const UNLOCK_JOB = `
  WITH freed AS (
    UPDATE graphile_worker._private_jobs SET locked_at = NULL, locked_by = NULL
     WHERE id = $1 AND locked_by = $2 RETURNING job_queue_id
  )
  UPDATE graphile_worker._private_job_queues AS queue SET locked_at = NULL, locked_by = NULL FROM freed
   WHERE queue.id = freed.job_queue_id AND queue.locked_by = $2`;

/** $1 the job, $2 the pool that took it and $3 the attempt. */
const IS_HELD = `
  SELECT FROM graphile_worker.jobs WHERE id = $1 AND locked_by = $2 AND attempts IN ($3, max_attempts)`;

/**
 * Fails a job that was freed while it ran, which changes nothing. A process that was paused or cut off from PostgreSQL may have been taken
 * for dead, and another one runs its job by now: a success here would delete the job, and if that process died, nothing would run it again.
 */
export function failIfTakenOver(task: Task): Task {
  return async (payload, helpers) => {
    await task(payload, helpers);
    const { id, locked_by, attempts } = helpers.job;
    const { rowCount } = await helpers.query(IS_HELD, [id, locked_by, attempts]);
    if (rowCount === 0) throw new Error('This process was taken for dead meanwhile, and the job was freed');
  };
}

/**
 * Deletes the queues without jobs. graphile-worker's own clean-up (`GC_JOB_QUEUES`) also deletes a queue whose first job is not
 * committed yet, and that job would never run.
 *
 * With both tables locked, a concurrent `add_jobs` has either not inserted its queue or has committed its job. Ending a job takes the
 * tables in the opposite order and could deadlock with this. The lock time-out is shorter than PostgreSQL's deadlock_timeout (1 s), so it is
 * always this statement that fails, and its job is retried.
 */
export const DELETE_IDLE_QUEUES = `
  BEGIN;
  SET LOCAL lock_timeout = '500ms';
  LOCK TABLE graphile_worker._private_job_queues IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE graphile_worker._private_jobs IN SHARE MODE;
  DELETE FROM graphile_worker._private_job_queues AS queue
   WHERE locked_at IS NULL
     AND NOT EXISTS (SELECT FROM graphile_worker._private_jobs AS job WHERE job.job_queue_id = queue.id);
  COMMIT`;

/** For backups: the jobs that will still run, as `enqueue_jobs` takes them. The view `jobs` has no payloads. */
export const SELECT_PENDING_JOBS = `
SELECT json_build_object('identifier', t.identifier, 'payload', j.payload, 'queue_name', q.queue_name, 'run_at', j.run_at,
         'max_attempts', j.max_attempts, 'job_key', j.key, 'priority', j.priority,
         'flags', (SELECT json_agg(flag) FROM jsonb_object_keys(j.flags) AS flag))
  FROM graphile_worker._private_jobs j
  JOIN graphile_worker._private_tasks t ON t.id = j.task_id
  LEFT JOIN graphile_worker._private_job_queues q ON q.id = j.job_queue_id
 WHERE j.attempts < j.max_attempts OR j.locked_at IS NOT NULL
 ORDER BY j.id`;

/**
 * Keeps the process alive when PostgreSQL is away at the end of a job: nothing awaits that write, so its rejection would end the
 * process. `JobRecovery` then finds a job that no worker runs and frees it. (With `completeJobBatchDelay` the rejection is
 * handled, but by shutting the whole pool down.)
 * @returns removes the handler
 */
export function surviveFailedJobEnds(onFailure: (error: unknown) => void): () => void {
  const onUnhandled = (error: unknown): void => {
    if (!(asDatabaseError(error) instanceof DatabaseDownError)) throw error;
    onFailure(error);
  };
  process.on('unhandledRejection', onUnhandled);
  return () => void process.off('unhandledRejection', onUnhandled);
}
