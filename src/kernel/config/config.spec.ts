import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { loadConfig } from './config.js';

const secrets = { jwtSecret: 's'.repeat(32), encryptionKey: Buffer.alloc(32, 1).toString('base64') };
const keepSecrets = () => secrets;
const served = {
  DATABASE_URL: 'postgres://app:pw@db/causeflow',
  JWT_SECRET: secrets.jwtSecret,
  ENCRYPTION_KEY: secrets.encryptionKey,
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env, keepSecrets);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the secrets of an installation', () => {
  it('are created in the data directory when the database is embedded', () => {
    const dirs: string[] = [];
    const config = loadConfig({ DATA_DIR: '/tmp/x' }, (dir) => (dirs.push(dir), secrets));
    expect(config).toMatchObject({ ...secrets, databaseUrl: undefined, signupEnabled: true });
    expect(dirs).toEqual(['/tmp/x']);
  });

  it('are not created when the configuration is invalid', () => {
    const dirs: string[] = [];
    expect(() => loadConfig({ PORT: 'x' }, (dir) => (dirs.push(dir), secrets))).toThrow(ConfigError);
    expect(dirs).toEqual([]);
  });

  it('are taken from the environment first', () => {
    const given = { JWT_SECRET: 'g'.repeat(40) };
    expect(loadConfig(given, keepSecrets)).toMatchObject({ ...secrets, jwtSecret: given.JWT_SECRET });
  });

  it('are all required with a DATABASE_URL, and each missing one is reported', () => {
    const faults = faultsOf({ DATABASE_URL: served.DATABASE_URL, JWT_SECRET: '' });
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(/^JWT_SECRET is missing/);
    expect(faults[1]).toMatch(/^ENCRYPTION_KEY is missing/);
    expect(loadConfig(served)).toMatchObject({ ...secrets, signupEnabled: false });
  });

  it('are refused when their file is damaged', () => {
    expect(() => loadConfig({}, () => ({ ...secrets, encryptionKey: '' }))).toThrow(/damaged/);
  });
});

describe('an invalid configuration', () => {
  it('is reported with one line per fault, all at once', () => {
    const bad = {
      PORT: '70000',
      ROLE: 'boss',
      TRUST_PROXY: 'true',
      CORS_ORIGINS: 'https://a.example/',
      SIGNUP_ENABLED: 'maybe',
    };
    const faults = faultsOf(bad);
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual(Object.keys(bad).sort());
    expect(new ConfigError(faults).message.split('\n')).toHaveLength(5);
  });

  it.each([
    { PORT: '1e3' },
    { PORT: '-1' },
    { HOST: 'a b' },
    { DATABASE_POOL_SIZE: '0' },
    { NATS_URL: 'nats://app:50%off@localhost' },
    { LOG_LEVEL: 'loud' },
    { ENCRYPTION_KEYS_OLD: 'c2hvcnQ=' },
    { OIDC_ISSUER: 'issuer.example', OIDC_AUDIENCE: 'a' },
    { OIDC_ISSUER: 'https://issuer.example' },
    { OIDC_AUDIENCE: 'causeflow' },
    { OIDC_TENANT_CLAIM: 'tenant id' },
    { OUTBOUND_ALLOW_CIDRS: '10.0.0.0/33' },
    { OUTBOUND_ALLOW_CIDRS: '10.0.0.0/8,10.1/16' },
    { CORS_ORIGINS: '*' },
    { METRICS_TOKEN: 'two words' },
    { LLM_PROVIDER: 'oracle' },
    { LLM_PROVIDER: 'openai-compatible', LLM_MODEL: 'm' },
    { LLM_PROVIDER: 'openai-compatible', LLM_BASE_URL: 'http://llm.example/v1' },
    { LLM_PROVIDER: 'openai-compatible', LLM_BASE_URL: 'file:///etc', LLM_MODEL: 'm' },
    { LLM_PROVIDER: 'anthropic', LLM_MODEL: 'm' },
    { LLM_MODEL: 'm' },
    { LLM_MAX_COST_USD_PER_RUN: '-1' },
    { LLM_MAX_TURNS: '0' },
  ])('stops the start: %j', (env: Record<string, string>) => {
    expect(faultsOf(env)).toHaveLength(1);
  });

  it('explains how to encode a password with special characters', () => {
    for (const password of ['hunter#2', 'hunter/2', 'hunter%2']) {
      const [fault, ...more] = faultsOf({ ...served, DATABASE_URL: `postgres://u:${password}@db/causeflow` });
      expect(more).toEqual([]);
      expect(fault).toMatch(/^DATABASE_URL must be .*%40 for @, %23 for #\.$/);
    }
    const DATABASE_URL = 'postgres://u:hunter%232%25@db/causeflow';
    expect(loadConfig({ ...served, DATABASE_URL })).toMatchObject({ databaseUrl: DATABASE_URL });
  });

  it('is reported without quoting secrets', () => {
    const faults = faultsOf({
      DATABASE_URL: 'mysql://u:hunter2@db',
      JWT_SECRET: 'hunter2',
      ENCRYPTION_KEY: 'hunter2',
    });
    expect(faults).toHaveLength(3);
    expect(faults.join()).not.toContain('hunter2');
  });
});

describe('a valid configuration', () => {
  it('uses no model unless it names one, and then with default limits', () => {
    expect(loadConfig(served).llm).toBeUndefined();
    const env = { ...served, LLM_PROVIDER: 'openai-compatible', LLM_BASE_URL: 'http://localhost:11434/v1' };
    expect(loadConfig({ ...env, LLM_MODEL: 'qwen3:8b' }).llm).toEqual({
      provider: 'openai-compatible',
      baseUrl: 'http://localhost:11434/v1',
      model: 'qwen3:8b',
      replayModels: [],
      apiKey: undefined,
      maxTurns: 6,
      maxTokens: 60_000,
      maxCostUsd: 0.5,
      timeoutSeconds: 60,
    });
  });

  it('is parsed into typed values', () => {
    const env = {
      ...served,
      PORT: ' 0 ',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      CORS_ORIGINS: 'https://a.example,http://localhost:5173',
      OIDC_ISSUER: 'https://issuer.example/',
      OIDC_AUDIENCE: 'causeflow',
      RATE_LIMIT_ANONYMOUS_PER_MINUTE: '0',
      SOMETHING_ELSE: 'ignored',
    };
    expect(loadConfig(env)).toMatchObject({
      port: 0,
      trustProxy: ['10.0.0.0/8', '::1'],
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
      oidc: {
        issuer: 'https://issuer.example/',
        audience: 'causeflow',
        jwksUri: undefined,
        tenantClaim: 'tenant_id',
      },
      rateLimits: { anonymous: 0, pro: 500 },
    });
    expect(loadConfig({ TRUST_PROXY: '2' }, keepSecrets).trustProxy).toBe(2);
  });

  it('accepts a list of NATS servers with the credentials of the first, which no error quotes', () => {
    const NATS_URL = 'nats://app:p%40ss@a:4223, nats://b';
    expect(loadConfig({ NATS_URL }, keepSecrets).nats).toEqual({
      servers: ['a:4223', 'b:4222'],
      tls: false,
      user: 'app',
      password: 'p@ss',
      stream: 'causeflow',
      replicas: 1,
    });
    expect(loadConfig({}, keepSecrets).nats).toBeUndefined();
    for (const wrong of ['http://app:hidden@a', 'app:hidden@a:4222', 'nats://a,hidden']) {
      expect(() => loadConfig({ NATS_URL: wrong }, keepSecrets)).toThrow(/NATS_URL must be (?!.*hidden)/);
    }
  });

  it('resolves the data directory to an absolute path', () => {
    expect(loadConfig({ DATA_DIR: '' }, keepSecrets).dataDir).toBe(resolve('.causeflow'));
  });
});

describe('.env.example', () => {
  const lines = readFileSync('.env.example', 'utf8').split('\n');
  const example = Object.fromEntries(
    lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('=') as [string, string]),
  );

  it('names the variables that are read, and no others', () => {
    const read = new Set<string>();
    const spy = new Proxy<Record<string, string>>({}, { get: (_, name) => void read.add(String(name)) });
    loadConfig(spy, keepSecrets);
    expect(Object.keys(example).sort()).toEqual([...read].sort());
  });

  it('states the defaults', () => {
    expect(loadConfig(example, keepSecrets)).toEqual(loadConfig({}, keepSecrets));
  });

  it('has a comment above every variable', () => {
    for (const [index, line] of lines.entries()) {
      if (/^[A-Z]/.test(line)) expect(lines[index - 1]).toMatch(/^# .+[.]$/);
    }
  });
});
