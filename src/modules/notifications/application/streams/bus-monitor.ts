/** How long a bus that has kept up so far may take to deliver what another replica has announced. */
const TIMEOUT_MS = 200;

/**
 * Decides whether one tenant's feed may wait for the bus instead of reading the log. A bus that does not follow an
 * announcement with events in time is not trusted until it delivers again.
 */
export class BusMonitor {
  keepsUp = false;
  /** Whether growth was announced since the last dispatch. */
  private growthAnnounced = false;
  /** Whether events were dispatched since the timer was started. */
  private dispatchedInTime = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly onTimeout: () => void) {}

  /** Growth was announced: events have to be dispatched before the time-out. */
  expectEvents(): void {
    this.growthAnnounced = true;
    this.timer ??= this.startTimer();
  }

  /** The feed has dispatched events, whether from the bus or from the log. */
  dispatched(): void {
    this.growthAnnounced = false;
    this.dispatchedInTime = true;
  }

  private startTimer(): NodeJS.Timeout {
    this.dispatchedInTime = false;
    return setTimeout(() => {
      this.timer = undefined;
      if (!this.dispatchedInTime) {
        this.keepsUp = false;
        this.onTimeout();
      } else if (this.growthAnnounced) this.timer = this.startTimer();
    }, TIMEOUT_MS);
  }
}
