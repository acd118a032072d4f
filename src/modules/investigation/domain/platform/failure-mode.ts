/** Failure modes, in the terms of operations. Part of the evaluation format `rca-case/1`. */
export const FAILURE_MODES = [
  'connection_exhaustion',
  'cpu_saturation',
  'crash_loop',
  'deployment_rollout_stuck',
  'dns_resolution_failure',
  'failover',
  'healthy',
  'image_pull_backoff',
  'lock_contention',
  'node_not_ready',
  'oom_killed',
  'pending_pod',
  'probe_failure',
  'replication_lag',
  'resource_quota_exceeded',
  'storage_full',
] as const;
export type FailureMode = (typeof FAILURE_MODES)[number];
