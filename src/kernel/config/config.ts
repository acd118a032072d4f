import type { Plan } from '../domain/plan.js';
import { ConfigError } from './config-error.js';
import { readDatabase } from './database-config.js';
import { type Environment, EnvironmentReader, isCidr, isOrigin } from './environment.js';
import { type NatsConfig, readNats } from './nats-config.js';
import { type LlmConfig, readLlm } from './llm-config.js';
import { type OidcConfig, readOidc } from './oidc-config.js';
import { completeSecrets, readSecrets, requireSecrets, type Secrets } from './secrets-config.js';

const ROLES = ['all', 'api', 'worker'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const MEBIBYTE = 1024 * 1024;
const ANY_RATE = 1_000_000_000;

export type Role = (typeof ROLES)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Calls per minute; 0 means no limit. */
export interface RateLimits extends Readonly<Record<Plan, number>> {
  readonly ingest: number;
  readonly anonymous: number;
}

/** The configuration of the process. A class, so that it is its own injection token. */
export class Config implements Secrets {
  readonly port!: number;
  readonly host!: string;
  /** The base URL for clients, without a trailing slash; undefined means the address of the request. */
  readonly publicUrl!: string | undefined;
  /** Undefined means the embedded database under `dataDir`. */
  readonly databaseUrl!: string | undefined;
  readonly databasePoolSize!: number;
  /** After so long without a query from a frozen replica PostgreSQL ends what it has claimed. */
  readonly replicaTimeoutSeconds!: number;
  readonly dataDir!: string;
  readonly role!: Role;
  readonly logLevel!: LogLevel;
  readonly jwtSecret!: string;
  readonly encryptionKey!: string;
  readonly encryptionKeysOld!: readonly string[];
  readonly signupEnabled!: boolean;
  readonly oidc!: OidcConfig | undefined;
  /** Undefined means that events are distributed by PostgreSQL only. */
  readonly nats!: NatsConfig | undefined;
  readonly rateLimits!: RateLimits;
  /** As Express takes it: no proxy, a number of hops, or the address ranges of the proxies. */
  readonly trustProxy!: false | number | readonly string[];
  readonly corsOrigins!: readonly string[];
  readonly pingIntervalSeconds!: number;
  readonly outboundAllowCidrs!: readonly string[];
  readonly knownSolutionWaitSeconds!: number;
  readonly maxBodyBytes!: number;
  readonly streamBufferBytes!: number;
  /** Open event streams per tenant and replica; 0 means no limit. */
  readonly streamsPerTenant!: number;
  readonly metricsToken!: string | undefined;
  readonly jobConcurrency!: number;
  readonly investigationsPerTenant!: number;
  /** Maximum heap of one investigation, in MiB. */
  readonly investigationMemoryMb!: number;
  /** Days without a change after which an incident and all that belongs to it are deleted; 0 keeps them for good. */
  readonly incidentRetentionDays!: number;
  readonly llm!: LlmConfig | undefined;
}

/**
 * @param keepSecrets generates the missing secrets of an embedded installation, or reads those generated before.
 *   Called only when one is missing and the rest is valid, so that a failed start leaves nothing on the disk.
 */
export function loadConfig(env: Environment, keepSecrets?: (dataDir: string) => Secrets): Config {
  const read = new EnvironmentReader(env);
  const { databaseUrl, dataDir } = readDatabase(read);
  const embedded = read.text('DATABASE_URL') === undefined;
  const given = readSecrets(read);
  const mayBeMade = embedded && keepSecrets !== undefined;
  if (!mayBeMade) requireSecrets(read);

  const values: Omit<Config, keyof Secrets> = {
    port: read.integer('PORT', 3000, 0, 65_535),
    host: read.matching('HOST', /^[\w.:%-]+$/, 'an address or a host name') ?? '0.0.0.0',
    publicUrl: read.url('PUBLIC_URL', ['https:', 'http:'])?.replace(/\/+$/, ''),
    databaseUrl,
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 10, 1, 1000),
    replicaTimeoutSeconds: read.integer('REPLICA_TIMEOUT_SECONDS', 30, 3, 3600),
    dataDir,
    role: read.oneOf('ROLE', ROLES, 'all'),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    encryptionKeysOld: read.encryptionKeys('ENCRYPTION_KEYS_OLD'),
    signupEnabled: read.flag('SIGNUP_ENABLED', embedded),
    oidc: readOidc(read),
    nats: readNats(read),
    rateLimits: readRateLimits(read),
    trustProxy: readTrustProxy(read),
    corsOrigins: read.list('CORS_ORIGINS', isOrigin, 'exact origins like https://app.example.com'),
    pingIntervalSeconds: read.integer('PING_INTERVAL_SECONDS', 30, 1, 3600),
    outboundAllowCidrs: read.list('OUTBOUND_ALLOW_CIDRS', isCidr, 'address ranges like 10.0.0.0/8'),
    knownSolutionWaitSeconds: read.integer('KNOWN_SOLUTION_WAIT_SECONDS', 300, 0, 86_400),
    maxBodyBytes: read.integer('MAX_BODY_BYTES', MEBIBYTE, 1024, 256 * MEBIBYTE),
    streamBufferBytes: read.integer('STREAM_BUFFER_BYTES', MEBIBYTE, 1024, 256 * MEBIBYTE),
    streamsPerTenant: read.integer('STREAMS_PER_TENANT', 20_000, 0, 1_000_000),
    metricsToken: read.matching(
      'METRICS_TOKEN',
      /^[\x21-\x7e]+$/,
      'printable ASCII characters without spaces',
    ),
    jobConcurrency: read.integer('JOB_CONCURRENCY', 4, 1, 1000),
    investigationsPerTenant: read.integer('INVESTIGATIONS_PER_TENANT', 2, 1, 1000),
    investigationMemoryMb: read.integer('INVESTIGATION_MEMORY_MB', 512, 32, 65_536),
    incidentRetentionDays: read.integer('INCIDENT_RETENTION_DAYS', 0, 0, 36_500),
    llm: readLlm(read),
  };
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return Object.freeze(Object.assign(new Config(), values, completeSecrets(given, dataDir, keepSecrets)));
}

function readRateLimits(read: EnvironmentReader): RateLimits {
  const perMinute = (kind: string, fallback: number) =>
    read.integer(`RATE_LIMIT_${kind}_PER_MINUTE`, fallback, 0, ANY_RATE);
  return {
    starter: perMinute('STARTER', 100),
    pro: perMinute('PRO', 500),
    business: perMinute('BUSINESS', 2000),
    enterprise: perMinute('ENTERPRISE', 2000),
    ingest: perMinute('INGEST', 60_000),
    anonymous: perMinute('ANONYMOUS', 120),
  };
}

/** "true" is refused on purpose: every caller could then set its own address in a header. */
function readTrustProxy(read: EnvironmentReader): Config['trustProxy'] {
  const value = read.text('TRUST_PROXY');
  if (value === undefined) return false;
  if (/^\d+$/.test(value)) return read.integer('TRUST_PROXY', 0, 0, 20);
  return read.list('TRUST_PROXY', isCidr, 'address ranges like 10.0.0.0/8, or a number of hops');
}
