import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';

/** The samples of docs/alerts.md, each with the programs it needs and the command that runs its file. */
const SAMPLES = [
  { language: 'bash', needs: [['bash', '--version'], ['curl', '--version'], ['openssl', 'version'], ['awk', 'BEGIN{}']], file: 'send.sh', run: ['bash'] },
  { language: 'js', needs: [], file: 'send.mjs', run: [process.execPath] },
  { language: 'python', needs: [['python3', '--version']], file: 'send.py', run: ['python3'] },
  { language: 'go', needs: [['go', 'version']], file: 'send.go', run: ['go', 'run'] },
] as const; // prettier-ignore

const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
const sampleIn = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]+?)^\`\`\``, 'm').exec(page)?.[1] ?? '';

function isInstalled([program, ...args]: readonly [string, ...string[]]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let server: TestServer;
let tenant: TenantUser;
let sender: AlertSender;
let folder: string;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  sender = await AlertSender.of(tenant);
  folder = await mkdtemp(join(tmpdir(), 'causeflow-samples-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await server.stop();
});

for (const { language, needs, file, run } of SAMPLES) {
  const missing = needs.filter((need) => !isInstalled(need)).map(([program]) => program);
  if (missing.length > 0)
    process.stderr.write(
      `\nSKIPPED: ${missing.join(', ')} is not installed, so the ${language} sample is not run.\n\n`,
    );

  (missing.length > 0 ? it.skip : it)(`the ${language} sample sends an alert`, async () => {
    await writeFile(join(folder, file), sampleIn(language));
    const variables = Object.entries({
      CAUSEFLOW_URL: server.url,
      CAUSEFLOW_TENANT: tenant.tenantId,
      CAUSEFLOW_KEY: sender.key,
      CAUSEFLOW_SECRET: sender.secret,
    }).map((variable) => variable.join('='));
    const { stdout } = await promisify(execFile)('env', [...variables, ...run, join(folder, file)]);
    const [incidentId] = /inc_\w+/.exec(stdout) ?? [];
    expect(await tenant.api.get(`/v1/incidents/${String(incidentId)}`)).toMatchObject({
      status: 200,
      body: {
        title: 'Checkout fails',
        description: '5 % of payments fail — since 12:00',
        severity: 'high',
        service: 'checkout',
      },
    });
  });
}
