export interface LiveEvent {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Listener = (event: LiveEvent) => void;

/** Reads the event stream as `curl -N` does. A caller can wait for an event. */
export class LiveEvents {
  private readonly seen: LiveEvent[] = [];
  private readonly listeners = new Set<Listener>();
  private readonly stopped = new AbortController();

  constructor(private readonly onEvent: Listener) {}

  async open(url: string, token: string): Promise<void> {
    const response = await fetch(`${url}/v1/notifications/stream`, {
      headers: { authorization: `Bearer ${token}` },
      signal: this.stopped.signal,
    });
    if (!response.ok || !response.body) throw new Error(`The event stream answered ${response.status}`);
    void this.read(response.body).catch(() => undefined);
  }

  close(): void {
    this.stopped.abort();
  }

  /** The first matching event, received already or in the future. */
  async first(fits: (event: LiveEvent) => boolean, seconds = 120): Promise<LiveEvent> {
    const known = this.seen.find(fits);
    if (known) return known;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.listeners.delete(listener);
        reject(new Error(`The expected event did not arrive within ${seconds} s.`));
      }, seconds * 1000);
      const listener: Listener = (event) => {
        if (!fits(event)) return;
        clearTimeout(timer);
        this.listeners.delete(listener);
        resolve(event);
      };
      this.listeners.add(listener);
    });
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) this.take(frame);
    }
  }

  private take(frame: string): void {
    const lines = frame.split('\n');
    const field = (name: string): string =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
    const id = field('id');
    // Pings have no id.
    if (id === '') return;
    const { event, timestamp, data } = JSON.parse(field('data')) as Omit<LiveEvent, 'id'>;
    const arrived = { id, event, timestamp, data };
    this.seen.push(arrived);
    this.onEvent(arrived);
    for (const listener of this.listeners) listener(arrived);
  }
}
