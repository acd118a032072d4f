import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { NatsConfig } from '../../config/nats-config.js';
import { ALL_EVENTS } from './event-message.js';

const HOUR_MS = 3_600_000;
/** JetStream drops repeated message ids within this time. Longer than a publisher takes to restart after a crash. */
const DUPLICATE_WINDOW_MS = 120_000;
const STREAM_NOT_FOUND = 10_059;

/** Finds or creates the stream. The configuration of an existing stream is the operator's and stays unchanged. */
export async function ensureStream(manager: JetStreamManager, config: NatsConfig): Promise<StreamInfo> {
  try {
    return await manager.streams.info(config.stream);
  } catch (error) {
    if ((error as { code?: number }).code !== STREAM_NOT_FOUND) throw error;
    return manager.streams.add({
      name: config.stream,
      subjects: [ALL_EVENTS],
      storage: StorageType.File,
      num_replicas: config.replicas,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      max_age: nanos(24 * HOUR_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
  }
}
