/** For something that is retried: logs when it starts to fail and when it has recovered, not every failure. */
export class Outage {
  private isOn = false;

  /** @param log is called for the first failure only */
  failed(log: () => void): void {
    if (!this.isOn) log();
    this.isOn = true;
  }

  /** @param log is called for the first success after a failure */
  succeeded(log?: () => void): void {
    if (this.isOn) log?.();
    this.isOn = false;
  }
}
