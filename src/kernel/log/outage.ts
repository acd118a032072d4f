/** For something that is retried: logs when it starts to fail and when it has recovered, not every failure. */
export class Outage {
  private isOn = false;

  /** @param tell is called for the first failure only */
  failed(tell: () => void): void {
    if (!this.isOn) tell();
    this.isOn = true;
  }

  /** @param tell is called for the first success after a failure */
  succeeded(tell?: () => void): void {
    if (this.isOn) tell?.();
    this.isOn = false;
  }
}
