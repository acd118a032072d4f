import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostmaster } from '#kernel/persistence/embedded/postmaster';
import { findServerHome, sharedDirOfRoot } from '#kernel/persistence/embedded/server-home';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import type { TestDatabase } from '../support/database.js';
import { CuttableProxy } from './cuttable-proxy.js';

/** A PostgreSQL of one test. It restarts on another port; replicas connect through the proxy. */
export class CrashablePostgres {
  private constructor(
    private readonly dataDir: string,
    private server: EmbeddedPostgres,
    readonly proxy: CuttableProxy,
  ) {}

  static async start(): Promise<CrashablePostgres> {
    const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-crash-'));
    const server = await startEmbeddedPostgres({ dataDir });
    return new CrashablePostgres(dataDir, server, await CuttableProxy.to(portOf(server)));
  }

  /** Without the proxy. */
  get database(): TestDatabase {
    return { name: '', url: this.server.url };
  }

  /** Through the proxy. */
  get proxied(): TestDatabase {
    const url = new URL(this.server.url);
    url.port = String(this.proxy.port);
    return { name: '', url: url.href };
  }

  /** Kills it, as a power cut would, and starts it again. */
  async crash(): Promise<void> {
    const { cluster } = findServerHome(realpathSync(this.dataDir), sharedDirOfRoot);
    process.kill(findPostmaster(cluster)?.pid ?? NaN, 'SIGKILL');
    await this.server.stop();
    this.server = await startEmbeddedPostgres({ dataDir: this.dataDir });
    this.proxy.target = portOf(this.server);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.server.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

function portOf({ url }: EmbeddedPostgres): number {
  return Number(new URL(url).port);
}
