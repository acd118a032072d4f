import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { runToEnd } from '../support/program.js';

describe('a start with a configuration that cannot be', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-lifecycle-'));
  const DATA_DIR = join(folder, 'data');
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What it wrote below the headline. */
  async function faultsOf(env: Record<string, string>): Promise<string[]> {
    const { code, output } = await runToEnd('dist/main.js', [], { DATA_DIR, ...env });
    expect(code).toBe(1);
    const [headline, ...faults] = output.trim().split('\n');
    expect(headline).toBe('CauseFlow could not start.');
    return faults;
  }

  it('ends with one line per fault, and leaves nothing behind', async () => {
    const faults = await faultsOf({ PORT: 'eighty', LOG_LEVEL: 'loud', CORS_ORIGINS: 'app.example.com' });
    expect(faults).toHaveLength(3);
    for (const name of ['PORT', 'LOG_LEVEL', 'CORS_ORIGINS']) {
      expect(faults).toContainEqual(expect.stringMatching(`^${name} must be `));
    }
    expect(existsSync(DATA_DIR)).toBe(false);
  });

  it('names each secret that is missing beside a DATABASE_URL', async () => {
    const DATABASE_URL = 'postgres://nobody:nothing@127.0.0.1:1/none';
    const both = await faultsOf({ DATABASE_URL });
    expect(both).toEqual([
      expect.stringMatching(/^JWT_SECRET is missing/),
      expect.stringMatching(/^ENCRYPTION_KEY is missing/),
    ]);
    const JWT_SECRET = randomBytes(32).toString('base64');
    expect(await faultsOf({ DATABASE_URL, JWT_SECRET })).toEqual([expect.stringMatching(/^ENCRYPTION_KEY/)]);
  });
});
