import type { Api } from '../support/api.js';

/** A client that keeps the frames of a stream unparsed. */
export class RawStream {
  private text = '';

  private constructor(private readonly abort: AbortController) {}

  static async open(api: Api, query: string): Promise<RawStream> {
    const abort = new AbortController();
    const response = await fetch(`${api.url}/v1/notifications/stream?${query}`, {
      headers: { authorization: `Bearer ${api.token ?? ''}` },
      signal: abort.signal,
    });
    if (!response.ok || !response.body) throw new Error(`The stream answered ${response.status}`);
    const stream = new RawStream(abort);
    void stream.read(response.body);
    return stream;
  }

  /** The event frames received so far, as they were sent. */
  get frames(): string[] {
    const whole = this.text.split('\n\n').slice(0, -1);
    return whole.filter((frame) => frame.startsWith('id: '));
  }

  close(): void {
    this.abort.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>)
        this.text += decoder.decode(chunk, { stream: true });
    } catch {
      // closed by us
    }
  }
}
