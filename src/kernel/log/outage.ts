/** Something that is tried again and again, of which the log is told when it begins to fail and when it is back: not each time. */
export class Outage {
  private isOn = false;

  /** @param tell is called for the first failure alone */
  failed(tell: () => void): void {
    if (!this.isOn) tell();
    this.isOn = true;
  }

  /** @param tell is called when it had failed before */
  succeeded(tell?: () => void): void {
    if (this.isOn) tell?.();
    this.isOn = false;
  }
}
