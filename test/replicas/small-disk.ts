import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system that can be filled up. Mounting it needs root. */
export class SmallDisk {
  private constructor(readonly dir: string) {}

  /** @returns undefined if this user may not mount */
  static mount(megabytes: number): SmallDisk | undefined {
    const dir = mkdtempSync(join(tmpdir(), 'causeflow-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'causeflow-test', dir]);
    if (status === 0) return new SmallDisk(dir);
    rmSync(dir, { recursive: true });
    return undefined;
  }

  static get isPossible(): boolean {
    const disk = SmallDisk.mount(1);
    disk?.unmount();
    return disk !== undefined;
  }

  /** Uses up the free space to the last byte. */
  fill(): void {
    const filler = openSync(this.filler, 'a');
    try {
      for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
        const bytes = Buffer.alloc(size);
        while (this.hasRoomFor(filler, bytes));
      }
    } finally {
      closeSync(filler);
    }
  }

  empty(): void {
    rmSync(this.filler, { force: true });
  }

  unmount(): void {
    const { status, stderr } = spawnSync('umount', [this.dir]);
    if (status !== 0) throw new Error(String(stderr));
    rmSync(this.dir, { recursive: true });
  }

  private get filler(): string {
    return join(this.dir, 'filler');
  }

  private hasRoomFor(file: number, bytes: Buffer): boolean {
    try {
      return writeSync(file, bytes) === bytes.length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
      throw error;
    }
  }
}
