import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BackupError } from './backup-error.js';

/**
 * A backup is gzipped text that people can read and psql could load: a line of JSON, then the rows of each table as COPY writes
 * them, up to a line `\.`. The jobs come last, one JSON specification per row.
 */
export interface BackupHeader {
  readonly format: typeof FORMAT;
  readonly madeAt: string;
  /** The version of CauseFlow that wrote it. */
  readonly version: string;
  readonly migrations: readonly string[];
  /** Referenced tables come before the tables that refer to them. */
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly partitions: readonly { readonly name: string; readonly of: string; readonly bounds: string }[];
  readonly sequences: readonly { readonly name: string; readonly value: string }[];
  /** The content of the embedded installation's secrets.json, with --with-secrets. */
  readonly secrets?: object;
}

export const FORMAT = 'causeflow-backup/1';
export const END_OF_ROWS = '\\.\n';

/** Reads a backup sequentially, one chunk in memory at a time. */
export class BackupReader {
  private rest: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly path: string,
    private readonly pieces: AsyncIterator<Buffer>,
  ) {}

  /** @throws BackupError when the file is not a backup */
  static async open(path: string): Promise<{ header: BackupHeader; reader: BackupReader }> {
    const text = createGunzip();
    // An error of either stream fails the next read, which reports it.
    pipeline(createReadStream(path), text, () => undefined);
    const reader = new BackupReader(path, text[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
    return { header: await reader.header(), reader };
  }

  /** The rows of the next table, in whole lines. Must be read to the end before the next table's. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      const lines = this.rest.subarray(0, this.rest.lastIndexOf('\n') + 1);
      const end = endOfRows(lines);
      if (lines.length > 0 && end !== 0) yield lines.subarray(0, end);
      this.rest = this.rest.subarray(end === undefined ? lines.length : end + END_OF_ROWS.length);
      if (end !== undefined) return;
      await this.readOn();
    }
  }

  private async header(): Promise<BackupHeader> {
    while (!this.rest.includes('\n')) await this.readOn();
    const end = this.rest.indexOf('\n');
    const line = this.rest.subarray(0, end).toString();
    this.rest = this.rest.subarray(end + 1);
    if (!line.startsWith(`{"format":"${FORMAT}"`)) {
      throw new BackupError(`${this.path} is not a backup that this version of CauseFlow can read.`);
    }
    return JSON.parse(line) as BackupHeader;
  }

  private async readOn(): Promise<void> {
    const next = await this.pieces.next().catch((error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      const problem = code?.startsWith('Z_') ? 'is not a backup, or is damaged' : 'cannot be read';
      throw new BackupError(`${this.path} ${problem} (${message}).`);
    });
    if (next.done === true) throw new BackupError(`${this.path} ends in the middle.`);
    this.rest = Buffer.concat([this.rest, next.value]);
  }
}

/** Where the line `\.` begins. No row looks like it, since COPY writes a backslash as two. */
function endOfRows(lines: Buffer): number | undefined {
  if (lines.subarray(0, END_OF_ROWS.length).equals(Buffer.from(END_OF_ROWS))) return 0;
  const newlineBefore = lines.indexOf(`\n${END_OF_ROWS}`);
  return newlineBefore < 0 ? undefined : newlineBefore + 1;
}
