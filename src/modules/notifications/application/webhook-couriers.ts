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
import type { TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { GrownLogs } from '#kernel/events/grown-logs';
import type { Turns } from '#kernel/events/log-follower';
import { Metrics } from '#kernel/metrics/metrics';
import { Recent } from '#kernel/persistence/recent';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type DueSubscription, WebhookSubscriptions } from '../domain/webhook-subscriptions.js';
import { DeliverWebhooks } from './deliver-webhooks.js';
import { FewAtOnce } from './few-at-once.js';

const LOGS_A_PASS = 1_000;
/** Between two looks for what is due: what comes in the meantime is taken along together. */
const LULL_MS = 50;

/**
 * Sends couriers out to the subscriptions that have something coming, on every replica that runs jobs: whoever is first
 * goes. They follow the logs as the relay does, beside it and not within it, so that neither alerts nor reactions wait for
 * them. A tenant without subscriptions costs them a look into a set in memory whenever her log grows.
 *
 * They do not take the job queue, where a few addresses that hang would keep everybody's investigations waiting.
 */
@Injectable()
export class WebhookCouriers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(WebhookCouriers.name);
  private readonly subscribers = new Recent<ReadonlySet<TenantId>>({
    // Of two looks at everybody, a second apart, the later one knows who has just subscribed.
    seconds: 0.5,
    most: 1,
    load: async () => new Set(await this.subscriptions.subscribers()),
  });
  /** An address that fails may hang, so those that do wait among themselves. */
  private readonly sound = new FewAtOnce(256, 16);
  private readonly failing = new FewAtOnce(64, 4);
  /** By the ids of their subscriptions. */
  private readonly out = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private grown: GrownLogs | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly subscriptions: WebhookSubscriptions,
    private readonly deliverWebhooks: DeliverWebhooks,
    private readonly unitOfWork: UnitOfWork,
    private readonly committed: CommittedEvents,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    // Everyone who is out listens; Node takes more than ten for a leak.
    setMaxListeners(0, this.stopping.signal);
  }

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.grown = new GrownLogs(
      {
        name: 'couriers',
        log: this.log,
        findBehind: 'webhooks_behind',
        logsAPass: LOGS_A_PASS,
        logsAside: 0,
        longestRestMs: 0,
        begin: (tenantIds) => this.begin(tenantIds),
        // Nobody is claimed but a subscription, by its courier.
        end: () => Promise.resolve(),
        complaint: 'Webhooks cannot be sent; their events wait in their logs',
      },
      this.unitOfWork,
      this.committed,
      this.metrics,
    );
  }

  /** Those who are out break off what they are sending, and it is sent again by the next one. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.grown?.stop();
    await Promise.all(this.out.values());
  }

  /** Waits for nobody: how long an address takes is its own affair. */
  private async begin(tenantIds: readonly TenantId[]): Promise<Turns> {
    const subscribers = await this.subscribers.get('');
    const those = tenantIds.filter((tenantId) => subscribers.has(tenantId));
    if (those.length > 0) {
      await this.look(those);
      await pause(LULL_MS);
    }
    return { events: 0, endings: new Map() };
  }

  private async look(tenantIds: readonly TenantId[]): Promise<void> {
    for (const due of await this.subscriptions.due(tenantIds, this.clock.now())) {
      if (this.out.has(due.subscriptionId)) continue;
      this.out.set(due.subscriptionId, this.sendOut(due));
    }
  }

  private async sendOut(due: DueSubscription): Promise<void> {
    const { tenantId, subscriptionId, isFailing } = due;
    let wasOut = false;
    try {
      const lane = isFailing ? this.failing : this.sound;
      wasOut = await lane.run(tenantId, async () => {
        const { signal } = this.stopping;
        return !signal.aborted && (await this.deliverWebhooks.execute(due, signal));
      });
    } catch (error) {
      this.log.error(error, `The courier of ${subscriptionId} stumbled; another one goes soon`);
    }
    await pause(LULL_MS);
    this.out.delete(subscriptionId);
    // More may have come while he was out; what this look misses, the next look at everybody finds.
    if (wasOut && !this.stopping.signal.aborted)
      await this.look([tenantId]).catch((error: unknown) => this.log.warn(error, 'A look for more failed'));
  }
}
