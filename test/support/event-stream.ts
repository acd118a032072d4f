import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Api } from './api.js';
import { until } from './until.js';

export interface Frame {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: { event: string; timestamp: string; tenantId: string; data: Record<string, unknown> };
}

/** A client of `GET /v1/notifications/stream` that records every frame. */
export class EventStream {
  /** Events in the order of arrival; pings are counted separately. */
  readonly frames: Frame[] = [];
  pings = 0;
  retryMs: number | undefined;
  ended = false;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {}

  static async open(api: Api, query = '', headers: Record<string, string> = {}): Promise<EventStream> {
    const abort = new AbortController();
    const response = await fetch(`${api.url}/v1/notifications/stream${query}`, {
      headers: { ...(api.token && { authorization: `Bearer ${api.token}` }), ...headers },
      signal: abort.signal,
    });
    const stream = new EventStream(response, abort);
    if (response.ok) void stream.read();
    return stream;
  }

  /** Waits for the first matching frame. */
  async waitFor(event: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return until(`${event} came`, () => this.frames.find((frame) => frame.event === event && fits(frame)));
  }

  close(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    const parser = createParser({
      onEvent: (message) => this.take(message),
      onRetry: (milliseconds) => (this.retryMs = milliseconds),
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body as unknown as AsyncIterable<Uint8Array>) {
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } catch {
      // closed by us, or cut off by the server: either way it has ended
    }
    this.ended = true;
  }

  private take({ id, event = 'message', data }: EventSourceMessage): void {
    if (event === 'ping') this.pings += 1;
    else this.frames.push({ id, event, data: JSON.parse(data) as Frame['data'] });
  }
}
