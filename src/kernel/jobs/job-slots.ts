import type { WorkerEvents } from 'graphile-worker';

/**
 * Keeps slots of this process free for other tenants while the jobs of one tenant take long. For example they call a runner that hangs,
 * each on its own time-out. A job is flagged with its tenant, and graphile-worker skips the flags of tenants that may take no more.
 */
export class JobSlots {
  private readonly maxPerTenant: number;
  private readonly running = new Map<string, number>();
  /** Workers that wait until another one has its job: two that ask at the same time would both take a tenant's last slot. */
  private readonly waiting: (() => void)[] = [];
  private isAsked = false;

  /** @param slots one in four, and at least one, is kept; a single slot is for everybody */
  constructor(slots: number, events: WorkerEvents) {
    this.maxPerTenant = Math.max(1, slots - Math.max(1, Math.floor(slots / 4)));
    events.on('job:start', ({ job }) => {
      for (const tenantId of Object.keys(job.flags ?? {})) this.count(tenantId, 1);
      this.askNext();
    });
    for (const event of ['worker:getJob:empty', 'worker:getJob:error'] as const)
      events.on(event, () => {
        this.askNext();
      });
    events.on('job:complete', ({ job }) => {
      for (const tenantId of Object.keys(job.flags ?? {})) this.count(tenantId, -1);
    });
  }

  /** For a worker that is about to take a job: the tenants whose jobs it must not take. */
  readonly forbiddenTenants = async (): Promise<string[]> => {
    if (this.isAsked) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.isAsked = true;
    return [...this.running].flatMap(([tenantId, jobs]) => (jobs < this.maxPerTenant ? [] : [tenantId]));
  };

  private askNext(): void {
    const next = this.waiting.shift();
    // The turn is passed on, so that no other worker asks before the next one does.
    if (next) next();
    else this.isAsked = false;
  }

  private count(tenantId: string, change: 1 | -1): void {
    const jobs = (this.running.get(tenantId) ?? 0) + change;
    if (jobs > 0) this.running.set(tenantId, jobs);
    else this.running.delete(tenantId);
  }
}
