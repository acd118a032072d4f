import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { ConcurrencyLimiter } from '#kernel/domain/concurrency-limiter';
import type { TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import type { Turns } from '#kernel/events/log-consumer';
import { TurnScheduler } from '#kernel/events/turn-scheduler';
import { Metrics } from '#kernel/metrics/metrics';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { runInContext, SYSTEM_CONTEXT } from '#kernel/tenancy/call-context';
import { type DueSubscription, WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';
import { DeliverWebhooks } from './deliver-webhooks.js';

const TENANTS_PER_PASS = 1_000;
/** The pause between two checks for due subscriptions, so that the events in between are sent in one batch. */
const COALESCE_MS = 50;

/**
 * Starts a delivery worker for each subscription that is due. It runs on every replica that runs jobs; the first worker to
 * take the lease delivers. It follows the logs as the relay does, but apart from it, so that deliveries delay neither alerts
 * nor event handlers. A tenant without subscriptions costs one lookup in an in-memory set whenever its log grows.
 *
 * Deliveries do not use the job queue: a few receivers that hang would hold up every investigation.
 */
@Injectable()
export class WebhookDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(WebhookDispatcher.name);
  private readonly subscribers = new TtlCache<ReadonlySet<TenantId>>({
    // Less than the second between two polls of all logs, so that the later poll sees a new subscriber.
    ttlSeconds: 0.5,
    maxEntries: 1,
    load: async () => new Set(await this.subscriptions.subscribers()),
  });
  /** Receivers that fail may also hang, so they have a pool of their own. */
  private readonly healthy = new ConcurrencyLimiter(256, 16);
  private readonly failing = new ConcurrencyLimiter(64, 4);
  /** Delivery workers by subscription id. */
  private readonly workers = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private scheduler: TurnScheduler | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly subscriptions: WebhookSubscriptions,
    private readonly deliverWebhooks: DeliverWebhooks,
    private readonly unitOfWork: UnitOfWork,
    private readonly committed: CommittedEvents,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    // Every worker adds a listener; Node warns of a leak from eleven on.
    setMaxListeners(0, this.stopping.signal);
  }

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.scheduler = new TurnScheduler(
      {
        name: 'webhook dispatcher',
        log: this.log,
        findLagging: 'webhooks_behind',
        tenantsPerPass: TENANTS_PER_PASS,
        maxAlone: 0,
        maxRestMs: 0,
        startTurns: (tenantIds) => this.startTurns(tenantIds),
        // Tenants are not claimed: a worker leases its subscription.
        finishTurns: () => Promise.resolve(),
        failureMessage: 'Webhook deliveries stopped; pending events stay in the log',
      },
      this.unitOfWork,
      this.committed,
      this.metrics,
    );
  }

  /** Workers abort the request under way; another worker sends that event again. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.scheduler?.stop();
    await Promise.all(this.workers.values());
  }

  /** Does not wait for the deliveries, so that a slow receiver holds up no other. */
  private async startTurns(tenantIds: readonly TenantId[]): Promise<Turns> {
    const subscribers = await this.subscribers.get('');
    const subscribed = tenantIds.filter((tenantId) => subscribers.has(tenantId));
    if (subscribed.length > 0) {
      await this.startWorkers(subscribed);
      await pause(COALESCE_MS);
    }
    return { events: 0, results: new Map() };
  }

  private async startWorkers(tenantIds: readonly TenantId[]): Promise<void> {
    for (const due of await this.subscriptions.due(tenantIds, this.clock.now())) {
      if (this.workers.has(due.subscriptionId)) continue;
      this.workers.set(due.subscriptionId, this.deliver(due));
    }
  }

  private async deliver(due: DueSubscription): Promise<void> {
    const { tenantId, subscriptionId, isFailing } = due;
    let hasDelivered = false;
    try {
      const pool = isFailing ? this.failing : this.healthy;
      hasDelivered = await pool.run(tenantId, async () => {
        const { signal } = this.stopping;
        if (signal.aborted) return false;
        const context = { ...SYSTEM_CONTEXT, tenantId };
        return runInContext(context, () => this.deliverWebhooks.execute(due, signal));
      });
    } catch (error) {
      this.log.error(error, `Delivery to ${subscriptionId} failed; it is retried`);
    }
    await pause(COALESCE_MS);
    this.workers.delete(subscriptionId);
    // More may have become due meanwhile; what this check misses, the next poll finds.
    if (hasDelivered && !this.stopping.signal.aborted)
      await this.startWorkers([tenantId]).catch((error: unknown) =>
        this.log.warn(error, 'Cannot check for due webhooks; the next poll does'),
      );
  }
}
