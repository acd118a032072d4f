import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { Database } from '../persistence/database.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { CommittedEvents } from './committed-events.js';
import type { JetStreamLink } from './nats/jetstream-link.js';

/**
 * Distributes events between replicas over NATS when NATS_URL is set: replicas that run the relay publish, replicas that serve
 * streams subscribe. Without NATS_URL no NATS code is loaded. See docs/adr/0011-nats.md.
 */
@Injectable()
export class NatsBus implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private link: JetStreamLink | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly committed: CommittedEvents,
    private readonly metrics: Metrics,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { nats, role } = this.config;
    if (!nats) return;
    const published = this.metrics.counter('causeflow_events_published', 'Events this process gave to NATS');
    const received = this.metrics.counter('causeflow_events_received', 'Events NATS brought to this process');
    await this.unitOfWork.lookUp('SELECT begin_publishing()');
    const { JetStreamLink } = await import('./nats/jetstream-link.js');
    this.link = new JetStreamLink(nats, {
      committed: this.committed,
      publisher:
        role === 'api' ? undefined : { ...this.publisherParts(), countPublished: (n) => published.add(n) },
      countReceived: role === 'worker' ? undefined : (n) => received.add(n),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.link?.stop();
  }

  private publisherParts() {
    const { database, unitOfWork, committed, metrics } = this;
    return { database, unitOfWork, committed, metrics };
  }
}
