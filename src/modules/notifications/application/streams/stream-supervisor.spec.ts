import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Config } from '#kernel/config/config';
import { SystemClock } from '#kernel/domain/clock';
import { newTenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { Metrics } from '#kernel/metrics/metrics';
import { Principals } from '#modules/users/api';
import { EventFilter } from '../../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { StreamSink } from './stream-sink.js';
import { StreamSupervisor } from './stream-supervisor.js';

/** A revoked caller is disconnected within 5 s, of which the users module takes up to 3 to notice it. */
const LEFT_MS = 2_000;

class KnownPrincipals extends Principals {
  readonly revoked = new Set<string>();

  stillValid({ id }: Principal): Promise<boolean> {
    return Promise.resolve(!this.revoked.has(id));
  }
  isAdmin(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

const tenantId = newTenantId();
let principals: KnownPrincipals;
let supervisor: StreamSupervisor;
beforeEach(() => {
  jest.useFakeTimers();
  principals = new KnownPrincipals();
  const config = { pingIntervalSeconds: 15 } as Config;
  supervisor = new StreamSupervisor(config, new SystemClock(), principals, new Metrics());
  supervisor.onApplicationBootstrap();
});
afterEach(async () => {
  await supervisor.beforeApplicationShutdown();
  jest.useRealTimers();
});

function opened(id: string, expiresAt: Date | null = null): EventStream {
  const caller: Principal = { kind: 'key', id, tenantId, scopes: ['events:read'], expiresAt };
  const sink: StreamSink = {
    bufferedBytes: 0,
    sentBytes: 0,
    write: () => undefined,
    drained: () => Promise.resolve(),
    end: () => Promise.resolve(),
    abort: () => undefined,
  };
  const filter = EventFilter.of({}, ['incident.created']);
  const stream = new EventStream({ caller, filter, sink, bufferBytes: 100 });
  supervisor.add(stream);
  return stream;
}

describe('open streams', () => {
  it('end soon after their caller is revoked, and those of other callers stay open', async () => {
    const [one, two, other] = [opened('key_1'), opened('key_1'), opened('key_2')];
    await jest.advanceTimersByTimeAsync(LEFT_MS);
    expect([one, two, other].map(({ isOver }) => isOver)).toEqual([false, false, false]);
    principals.revoked.add('key_1');
    await jest.advanceTimersByTimeAsync(LEFT_MS);
    expect([one, two, other].map(({ isOver }) => isOver)).toEqual([true, true, false]);
  });

  it('end soon after their token or key expires', async () => {
    const stream = opened('key_1', new Date(Date.now() + 60_000));
    await jest.advanceTimersByTimeAsync(59_000);
    expect(stream.isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1_000 + LEFT_MS);
    expect(stream.isOver).toBe(true);
  });
});
