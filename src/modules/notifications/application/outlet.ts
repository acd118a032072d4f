/** Where the bytes of one stream go: the response to whoever listens. */
export interface Outlet {
  /** Bytes written that have not left yet. */
  readonly waiting: number;
  /** Bytes that have left since the beginning. */
  readonly left: number;
  write(chunk: Buffer): void;
  /** Resolves when there is room to write again, and also when nobody listens any more. */
  drained(): Promise<void>;
  /** Ends in good order: what was written still arrives. Resolves when it has left, or the reader took too long. */
  end(): Promise<void>;
  /** Breaks off at once; what has not left is lost. */
  cut(): void;
}
