/** Where the bytes of one stream are written: the HTTP response of a subscriber. */
export interface StreamSink {
  /** Bytes written but not yet handed to the operating system. */
  readonly bufferedBytes: number;
  /** Bytes handed to the operating system since the stream was opened. */
  readonly sentBytes: number;
  write(chunk: Buffer): void;
  /** Resolves when more can be written, and also when the subscriber has disconnected. */
  drained(): Promise<void>;
  /** Ends gracefully: what was written is still delivered. Resolves when it is, or when the subscriber took too long. */
  end(): Promise<void>;
  /** Closes the connection at once; what is still buffered is lost. */
  abort(): void;
}
