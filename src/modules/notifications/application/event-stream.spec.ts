import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { ToldEvent } from '#kernel/events/told-events';
import type { Principal } from '#kernel/http/principal';
import { EventFilter } from '../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { Outlet } from './outlet.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };

/** A line that lets through as much as it is told to. */
class Line implements Outlet {
  waiting = 0;
  left = 0;
  fate: 'open' | 'ended' | 'cut' = 'open';
  text = '';
  private makeRoom: () => void = () => undefined;

  write(chunk: Buffer): void {
    this.text += chunk.toString();
    this.waiting += chunk.length;
  }
  drained(): Promise<void> {
    return new Promise((resolve) => (this.makeRoom = resolve));
  }
  end(): Promise<void> {
    this.fate = 'ended';
    return Promise.resolve();
  }
  cut(): void {
    this.fate = 'cut';
  }
  letThrough(bytes: number): void {
    const through = Math.min(bytes, this.waiting);
    this.waiting -= through;
    this.left += through;
    if (this.waiting === 0) this.makeRoom();
  }
}

function opened(): { line: Line; stream: EventStream } {
  const line = new Line();
  const filter = EventFilter.of({}, ['incident.created']);
  return { line, stream: new EventStream({ caller, filter, outlet: line, bufferBytes: 100 }) };
}

const frames = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');
const event: ToldEvent = {
  id: 'evt_1',
  type: 'incident.created',
  tenantId,
  data: '{\r\n "title": "a\\nb"\n}',
  timestamp: '2026-03-01T12:00:00.000Z',
};

describe('an event stream', () => {
  it('is cut off when more than its buffer waits, and takes nothing after that', () => {
    const { line, stream } = opened();
    stream.send(frames(500));
    line.letThrough(400);
    stream.send(frames(1));
    expect(line.fate).toBe('open');
    stream.send(frames(1));
    expect(line.fate).toBe('cut');
    expect(stream.isOver).toBe(true);
    stream.send(frames(1));
    expect(line.waiting).toBe(101);
  });

  it('is cut off at a ping when its reader took nothing since the one before', () => {
    const { line, stream } = opened();
    stream.ping();
    line.letThrough(5);
    stream.ping();
    expect(line.fate).toBe('open');
    stream.ping();
    expect(line.fate).toBe('cut');
  });

  it('pings a reader that is up to date for ever', () => {
    const { line, stream } = opened();
    for (let turn = 0; turn < 3; turn++) {
      stream.ping();
      line.letThrough(1_000);
    }
    expect(line.text).toBe('event: ping\ndata: {}\n\n'.repeat(3));
    expect(line.fate).toBe('open');
  });

  it('waits for its reader before it replays more', async () => {
    const { line, stream } = opened();
    let done = false;
    const replay = stream.replay({ events: () => [event] }).then(() => (done = true));
    await Promise.resolve();
    expect(done).toBe(false);
    line.letThrough(1_000);
    await replay;
  });

  it('puts an event on three lines, whatever white space its data has', () => {
    const { line, stream } = opened();
    void stream.replay({ events: () => [event] });
    expect(line.text).toBe(
      `id: evt_1\nevent: incident.created\ndata: {"event":"incident.created","timestamp":"2026-03-01T12:00:00.000Z",` +
        `"tenantId":"${tenantId}","data":{  "title": "a\\nb" }}\n\n`,
    );
  });

  it('does not end after its reader has gone', async () => {
    const { line, stream } = opened();
    stream.close();
    await stream.end();
    expect(line.fate).toBe('open');
  });
});
