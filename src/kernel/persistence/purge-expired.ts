import { Injectable } from '@nestjs/common';
import { type Chore, Daily } from '../jobs/daily.js';
import { UnitOfWork } from './unit-of-work.js';

const ROWS_AT_A_TIME = 5_000;

/** Deletes expired rows from every table whose migration calls `purge_after(…)`. */
@Injectable()
@Daily('purge-expired')
export class PurgeExpired implements Chore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async run(signal: AbortSignal): Promise<void> {
    let deleted: number;
    do {
      signal.throwIfAborted();
      const [row] = await this.unitOfWork.lookUp<{ deleted: string }>('SELECT purge_expired($1) AS deleted', [
        ROWS_AT_A_TIME,
      ]);
      deleted = Number(row?.deleted ?? 0);
    } while (deleted > 0);
  }
}
