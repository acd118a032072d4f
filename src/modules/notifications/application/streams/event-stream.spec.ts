import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { PublicEvent } from '#kernel/events/public-events';
import type { Principal } from '#kernel/http/principal';
import { EventFilter } from '../../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { StreamSink } from './stream-sink.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };

/** A connection that transmits only as much as the test says. */
class Connection implements StreamSink {
  bufferedBytes = 0;
  sentBytes = 0;
  state: 'open' | 'ended' | 'aborted' = 'open';
  text = '';
  private makeRoom: () => void = () => undefined;

  write(chunk: Buffer): void {
    this.text += chunk.toString();
    this.bufferedBytes += chunk.length;
  }
  drained(): Promise<void> {
    return new Promise((resolve) => (this.makeRoom = resolve));
  }
  end(): Promise<void> {
    this.state = 'ended';
    return Promise.resolve();
  }
  abort(): void {
    this.state = 'aborted';
  }
  transmit(bytes: number): void {
    const sent = Math.min(bytes, this.bufferedBytes);
    this.bufferedBytes -= sent;
    this.sentBytes += sent;
    if (this.bufferedBytes === 0) this.makeRoom();
  }
}

function opened(): { connection: Connection; stream: EventStream } {
  const connection = new Connection();
  const filter = EventFilter.of({}, ['incident.created']);
  return { connection, stream: new EventStream({ caller, filter, sink: connection, bufferBytes: 100 }) };
}

const frames = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');
const event: PublicEvent = {
  id: 'evt_1',
  type: 'incident.created',
  tenantId,
  data: '{\r\n "title": "a\\nb"\n}',
  timestamp: '2026-03-01T12:00:00.000Z',
};

describe('an event stream', () => {
  it('is cut off when more than its limit is buffered, and sends nothing after that', () => {
    const { connection, stream } = opened();
    stream.send(frames(500));
    connection.transmit(400);
    stream.send(frames(1));
    expect(connection.state).toBe('open');
    stream.send(frames(1));
    expect(connection.state).toBe('aborted');
    expect(stream.isOver).toBe(true);
    stream.send(frames(1));
    expect(connection.bufferedBytes).toBe(101);
  });

  it('is cut off at a ping when nothing was received since the last one', () => {
    const { connection, stream } = opened();
    stream.ping();
    connection.transmit(5);
    stream.ping();
    expect(connection.state).toBe('open');
    stream.ping();
    expect(connection.state).toBe('aborted');
  });

  it('keeps pinging an idle subscriber', () => {
    const { connection, stream } = opened();
    for (let turn = 0; turn < 3; turn++) {
      stream.ping();
      connection.transmit(1_000);
    }
    expect(connection.text).toBe('event: ping\ndata: {}\n\n'.repeat(3));
    expect(connection.state).toBe('open');
  });

  it('waits for its subscriber before it replays more', async () => {
    const { connection, stream } = opened();
    let done = false;
    const replay = stream.replay({ events: () => [event] }).then(() => (done = true));
    await Promise.resolve();
    expect(done).toBe(false);
    connection.transmit(1_000);
    await replay;
  });

  it('formats an event as three lines, whatever white space its data contains', () => {
    const { connection, stream } = opened();
    void stream.replay({ events: () => [event] });
    expect(connection.text).toBe(
      `id: evt_1\nevent: incident.created\ndata: {"event":"incident.created","timestamp":"2026-03-01T12:00:00.000Z",` +
        `"tenantId":"${tenantId}","data":{  "title": "a\\nb" }}\n\n`,
    );
  });

  it('does not end after its subscriber has disconnected', async () => {
    const { connection, stream } = opened();
    stream.close();
    await stream.end();
    expect(connection.state).toBe('open');
  });
});
