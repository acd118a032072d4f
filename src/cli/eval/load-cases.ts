import { readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { list, object, optionalText, requiredText, type Json } from './json.js';

/** One case as it was written, with the normal time that it refers to. */
export interface RawCase {
  readonly id: string;
  readonly dataset: string;
  /** What the case was seen in; a dataset may join several. */
  readonly system: string;
  readonly body: Json;
  /** Contents of `baseline_file`, undefined when it refers to none. */
  readonly baseline: Json;
  /** Contents of `baseline_logs_file`. */
  readonly baselineLogs: Json;
  /** All cases of the same file, where a file holds several: what had happened to the same system at other times. */
  readonly siblings: readonly Json[];
}

interface Entry {
  readonly id: string;
  readonly dataset: string;
  readonly file: string;
}

export class CaseFolder {
  readonly #files = new Map<string, Json>();

  private constructor(
    private readonly folder: string,
    readonly entries: readonly Entry[],
  ) {}

  /** @throws Error when there is no readable `manifest.json` */
  static async open(folder: string): Promise<CaseFolder> {
    const manifest = await readJson(join(folder, 'manifest.json'));
    const entries = (Array.isArray(manifest) ? list(manifest) : list(object(manifest)['cases'])).map(
      (each) => ({
        id: requiredText(each, 'id'),
        dataset: optionalText(each, 'dataset') ?? 'cases',
        file: requiredText(each, 'file'),
      }),
    );
    return new CaseFolder(folder, entries);
  }

  async load({ id, dataset, file }: Entry): Promise<RawCase> {
    const content = await this.file(file);
    const siblings = list(object(content)['cases']);
    const body = siblings.length > 0 ? siblings.find((each) => object(each)['id'] === id) : content;
    if (body === undefined) throw new Error(`${file} holds no case ${id}.`);
    const fileName = file.replace(/^.*\//, '').replace(/\.json(\.gz)?$/, '');
    return {
      id,
      dataset,
      system: siblings.length > 0 ? fileName : (optionalText(body, 'system') ?? dataset),
      body,
      siblings,
      baseline: await this.referred(body, 'baseline_file'),
      baselineLogs: await this.referred(body, 'baseline_logs_file'),
    };
  }

  /** Only after everything is predicted. Undefined where there are none. */
  async labels(): Promise<Readonly<Record<string, Json>> | undefined> {
    try {
      return object(await readJson(join(this.folder, 'labels.json')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async referred(body: Json, field: string): Promise<Json> {
    const file = optionalText(body, field);
    return file === undefined ? undefined : this.file(file);
  }

  /** Baselines are shared by many cases, so the last few files are kept. */
  private async file(file: string): Promise<Json> {
    const path = normalize(file);
    if (path.startsWith('..') || path.startsWith(sep)) throw new Error(`${file} lies outside of the folder.`);
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const content = await readJson(join(this.folder, path));
    if (this.#files.size >= 4) this.#files.delete(this.#files.keys().next().value ?? '');
    this.#files.set(path, content);
    return content;
  }
}

async function readJson(path: string): Promise<Json> {
  const bytes = await readFile(path);
  const plain = path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes;
  return JSON.parse(plain.toString('utf8')) as Json;
}
