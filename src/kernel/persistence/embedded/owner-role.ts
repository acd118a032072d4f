import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { createPrivateFile } from '../../config/private-files.js';
import { onOwnConnection } from '../own-connection.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { SUPERUSER } from './make-cluster.js';

/** The user of the application: owns its database and may create roles, but is subject to row-level security. */
const OWNER = 'causeflow';

export interface Passwords {
  superuser: string;
  owner: string;
}

export function keepPasswords(dataDir: string, cluster: string): Passwords {
  const path = join(dataDir, 'postgres-passwords.json');
  if (!existsSync(path)) {
    if (existsSync(cluster)) {
      throw new EmbeddedPostgresError(
        `The passwords of the database in ${cluster} are missing: put ${path} back.`,
      );
    }
    const password = () => randomBytes(24).toString('base64url');
    createPrivateFile(path, `${JSON.stringify({ superuser: password(), owner: password() })}\n`);
  }
  try {
    const passwords = JSON.parse(readFileSync(path, 'utf8')) as Record<keyof Passwords, unknown>;
    const [superuser, owner] = [passwords.superuser, passwords.owner];
    if (typeof superuser === 'string' && typeof owner === 'string') return { superuser, owner };
    throw new TypeError('it has no passwords');
  } catch (cause) {
    throw new EmbeddedPostgresError(`${path} cannot be read: put back a copy of it.`, { cause });
  }
}

/** Creates the role and the database if they do not exist. @returns the url of the application */
export async function ensureOwnedDatabase(
  port: number,
  passwords: Passwords,
  database: string,
): Promise<string> {
  const asSuperuser = {
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: passwords.superuser,
    database: 'postgres',
    ssl: false, // whatever PGSSLMODE says
  };
  const refused = (error: unknown): never => {
    if ((error as { code?: string }).code !== '28P01') throw error;
    throw new EmbeddedPostgresError(
      'The passwords in postgres-passwords.json are not those of the database: put back the file that was made with it.',
      { cause: error },
    );
  };
  await onOwnConnection(asSuperuser, async (client) => {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `select exists(select from pg_roles where rolname = $1) as role,
              exists(select from pg_database where datname = $2) as database`,
      [OWNER, database],
    );
    if (!rows[0]?.role) {
      await client.query(
        `create role ${OWNER} login createdb createrole password ${escapeLiteral(passwords.owner)}`,
      );
    }
    if (!rows[0]?.database)
      await client.query(`create database ${escapeIdentifier(database)} owner ${OWNER}`);
  }).catch(refused);
  return urlOfOwner(port, passwords, database);
}

export function urlOfOwner(port: number, passwords: Passwords, database: string): string {
  return `postgresql://${OWNER}:${passwords.owner}@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`;
}

/** Whether a connection failed because the server is starting or stopping, not because it rejected us. */
export function isNotAccepting(error: unknown): boolean {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  const goingUpOrDown = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];
  return (code !== undefined && goingUpOrDown.includes(code)) || /Connection terminated/.test(message ?? '');
}
