import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { DataSource } from 'typeorm';
import { Config } from './config/config.js';
import { SealedText } from './crypto/sealed-text.js';
import { Clock, processClock, SystemClock } from './domain/clock.js';
import { AwaitingPublisher } from './events/awaiting-publisher.js';
import { CommittedEvents } from './events/committed-events.js';
import type { AnyEventClass } from './events/define-event.js';
import { EnsureEventPartitions, EventPartitions } from './events/event-partitions.js';
import { EventCatalogue } from './events/event-catalogue.js';
import { EventLog } from './events/event-log.js';
import { NatsBus } from './events/nats-bus.js';
import { Once } from './events/once.js';
import { RedeliverEvent } from './events/redeliver-event.js';
import { Relay } from './events/relay.js';
import { ReplicaSignals } from './events/replica-signals.js';
import { PublicEventLog } from './events/public-event-log.js';
import { AccessLog } from './http/access-log.js';
import { AddressLimit } from './http/address-limit.js';
import { FastLane } from './http/fast-lane.js';
import { RequestDurations } from './metrics/request-durations.js';
import { ApiDocuments } from './http/openapi/api-documents.js';
import { DocumentsController } from './http/openapi/documents.controller.js';
import { ErrorEnvelopeFilter } from './http/error-envelope.filter.js';
import { HealthController } from './http/health.controller.js';
import { KnownMethods } from './http/known-methods.js';
import { LargeBodies } from './http/large-bodies.js';
import { Cursors } from './http/page.js';
import { RateLimiter } from './http/rate-limiter.js';
import { ForgetIdleQueues } from './jobs/forget-idle-queues.js';
import { JobWorker } from './jobs/job-worker.js';
import { Jobs } from './jobs/jobs.js';
import { GuardedFetch } from './net/guarded-fetch.js';
import { DatabaseFigures } from './metrics/database-figures.js';
import { Exposition } from './metrics/exposition.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { Metrics } from './metrics/metrics.js';
import { ProcessFigures } from './metrics/process-figures.js';
import { BatchWriter } from './persistence/batch-writer.js';
import { applicationDataSource } from './persistence/data-source.js';
import { DatabaseTime } from './persistence/database-time.js';
import { Database } from './persistence/database.js';
import { PurgeExpired } from './persistence/purge-expired.js';
import { UnitOfWork } from './persistence/unit-of-work.js';

interface Parts {
  readonly config: Config;
  readonly database: Database;
  readonly events: readonly AnyEventClass[];
}

/** What every module is built on. It depends on none of them. */
@Global()
@Module({})
export class KernelModule {
  static with({ config, database, events }: Parts): DynamicModule {
    const open = [
      Clock, Config, Database, UnitOfWork, BatchWriter, EventCatalogue, EventLog, PublicEventLog, CommittedEvents, Once, Jobs,
      Cursors, RateLimiter, AddressLimit, SealedText, GuardedFetch, KnownMethods, Metrics, AccessLog, RequestDurations, LargeBodies, FastLane, EventPartitions,
    ]; // prettier-ignore
    return {
      module: KernelModule,
      controllers: [HealthController, MetricsController, DocumentsController],
      imports: [CqrsModule.forRoot(), EventEmitterModule.forRoot({ wildcard: true }), DiscoveryModule],
      providers: [
        { provide: SystemClock, useValue: processClock },
        { provide: Clock, useExisting: SystemClock },
        { provide: Config, useValue: config },
        { provide: Database, useValue: database },
        { provide: EventCatalogue, useValue: EventCatalogue.ofAll(events) },
        {
          provide: DataSource,
          useFactory: () => applicationDataSource({ url: database.url, poolSize: config.databasePoolSize }).initialize(),
        },
        { provide: SealedText, useFactory: () => new SealedText(config.encryptionKey, config.encryptionKeysOld) },
        { provide: GuardedFetch, useFactory: () => new GuardedFetch(config.outboundAllowCidrs) },
        { provide: APP_FILTER, useClass: ErrorEnvelopeFilter },
        UnitOfWork, BatchWriter, EventLog, PublicEventLog, CommittedEvents, Once, Jobs, Cursors, RateLimiter, AddressLimit,
        ApiDocuments, KnownMethods, AwaitingPublisher, Relay, RedeliverEvent, ReplicaSignals, NatsBus, JobWorker, Metrics, Exposition,
        DatabaseFigures, ProcessFigures, EnsureEventPartitions, EventPartitions, ForgetIdleQueues, PurgeExpired, AccessLog, RequestDurations, LargeBodies,
        FastLane, DatabaseTime,
      ], // prettier-ignore
      exports: [...open, CqrsModule],
    };
  }
}
