import { type EnvironmentReader, isAddress } from './environment.js';

const PROTOCOLS = ['nats:', 'tls:'];

export interface NatsConfig {
  /** As `host:port`. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly stream: string;
  /** The number of NATS servers that store each event. */
  readonly replicas: number;
}

/** @returns undefined when events are distributed by PostgreSQL only */
export function readNats(read: EnvironmentReader): NatsConfig | undefined {
  const given = read.items('NATS_URL');
  const stream = read.matching('NATS_STREAM', /^[\w-]{1,64}$/, 'letters, digits, - and _') ?? 'causeflow';
  const replicas = read.integer('NATS_REPLICAS', 1, 1, 5);
  if (given.length === 0) return undefined;
  // Not `read.list`, which quotes refused values: they can contain a password.
  if (!given.every(isServer)) {
    read.fault('NATS_URL must be a comma-separated list of addresses that start with nats:// or tls://.');
    return undefined;
  }
  const [first = new URL('nats://localhost')] = given.map((url) => new URL(url));
  return {
    servers: given.map((url) => new URL(url)).map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    tls: first.protocol === 'tls:',
    user: decodeURIComponent(first.username) || undefined,
    password: decodeURIComponent(first.password) || undefined,
    stream,
    replicas,
  };
}

function isServer(url: string): boolean {
  return isAddress(url) && PROTOCOLS.includes(new URL(url).protocol) && new URL(url).hostname !== '';
}
