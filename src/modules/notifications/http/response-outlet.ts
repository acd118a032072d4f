import type { Response } from 'express';
import type { Outlet } from '../application/outlet.js';

/** What a reader gets to take the rest of an ended stream before its connection is closed all the same. */
const GRACE_MS = 1_000;

/** A stream's bytes go into its HTTP response, past Nest's own stream, which would format them anew for every reader. */
export class ResponseOutlet implements Outlet {
  constructor(
    private readonly response: Response,
    /** Has Nest end the response, so that the connection is good for another request. */
    private readonly complete: () => void,
  ) {}

  get waiting(): number {
    return this.response.writableLength;
  }

  get left(): number {
    const { socket } = this.response;
    return socket ? socket.bytesWritten - socket.writableLength : 0;
  }

  write(chunk: Buffer): void {
    if (!this.isClosed) this.response.write(chunk);
  }

  async drained(): Promise<void> {
    if (this.isClosed || !this.response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.on('drain', done).on('close', done);
    });
  }

  async end(): Promise<void> {
    if (this.isClosed) return;
    const closed = new Promise((resolve) => this.response.once('close', resolve));
    this.complete();
    const grace = setTimeout(() => this.cut(), GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  cut(): void {
    this.response.destroy();
  }

  private get isClosed(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }
}
