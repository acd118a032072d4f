import type { Client, ClientBase } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { asDatabaseError, isOutdatedPlan } from './database-errors.js';

/**
 * Runs `work` in a transaction on one connection of the pool. Commits afterwards, unless `work` has committed; rolls back when it
 * throws.
 */
export async function inTransaction<T>(
  source: DataSource,
  work: (runner: QueryRunner, client: ClientBase) => Promise<T>,
): Promise<T> {
  const runner = source.createQueryRunner();
  let client: Client | undefined;
  let broken: unknown;
  const onBreak = (reason: unknown): void => {
    broken = reason;
  };
  try {
    client = (await runner.connect()) as Client;
    client.once('error', onBreak);
    await runner.startTransaction();
    const result = await work(runner, client);
    if (runner.isTransactionActive) await runner.commitTransaction();
    return result;
  } catch (error) {
    // If the connection broke between two statements, the next one only reports that it was released.
    const reason = broken ?? error;
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    if (isOutdatedPlan(reason)) await client?.end();
    throw asDatabaseError(reason);
  } finally {
    client?.off('error', onBreak);
    await runner.release();
  }
}
