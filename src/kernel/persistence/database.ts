/** The address of PostgreSQL, for code that needs a connection outside the pool. */
export class Database {
  constructor(
    /** Connects as the owner of the tables; connections of the application then take the role `causeflow_app`. */
    readonly url: string,
    private readonly replicaTimeoutSeconds = 30,
  ) {}

  /**
   * For sessions that hold claims or locks of their process, which sends them a query every `heartbeatMs`. A frozen process (SIGSTOP, a
   * paused container) sends none, while its machine still answers probes.
   */
  get frozenPeerDetection(): string {
    return `-c idle_session_timeout=${this.replicaTimeoutSeconds}s`;
  }

  get heartbeatMs(): number {
    return (this.replicaTimeoutSeconds * 1_000) / 6;
  }
}
