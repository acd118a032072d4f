import { readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EvalError } from './eval-error.js';
import { list, object, optionalText, requiredText, type Json } from './json.js';

/** One case as it is in its file, with the baseline files that it refers to. */
export interface RawCase {
  readonly id: string;
  readonly dataset: string;
  /** The system that the case was recorded in; a dataset may contain several. */
  readonly system: string;
  readonly body: Json;
  /** Contents of `baseline_file`; undefined when there is none. */
  readonly baseline: Json;
  /** Contents of `baseline_logs_file`. */
  readonly baselineLogs: Json;
  /** All cases of the same file, if it holds several: the history of the same system. */
  readonly siblings: readonly Json[];
}

interface ManifestEntry {
  readonly id: string;
  readonly dataset: string;
  readonly file: string;
}

const MAX_CACHED_FILES = 4;

export class CaseFolder {
  /** Files that could not be read, as sentences; the affected cases are predicted without them. */
  readonly unread: string[] = [];
  readonly #files = new Map<string, Json>();

  private constructor(
    private readonly folder: string,
    readonly entries: readonly ManifestEntry[],
  ) {}

  /** @throws EvalError when there is no readable `manifest.json` */
  static async open(folder: string): Promise<CaseFolder> {
    const manifest = await readJson(join(folder, 'manifest.json')).catch((error: unknown) => {
      throw new EvalError(`The cases have no readable list: ${(error as Error).message}`);
    });
    const entries = (Array.isArray(manifest) ? list(manifest) : list(object(manifest)['cases'])).map(
      (each) => ({
        id: requiredText(each, 'id'),
        dataset: optionalText(each, 'dataset') ?? 'cases',
        file: requiredText(each, 'file'),
      }),
    );
    return new CaseFolder(folder, entries);
  }

  /** An unreadable file does not stop the evaluation: its content is missing evidence, and is named in `unread`. */
  async load({ id, dataset, file }: ManifestEntry): Promise<RawCase> {
    const content = await this.readable(id, file);
    const siblings = list(object(content)['cases']);
    const body = siblings.length > 0 ? siblings.find((each) => object(each)['id'] === id) : content;
    if (body === undefined) this.unread.push(`${id}: there is no such case in ${file}.`);
    const fileName = file.replace(/^.*\//, '').replace(/\.json(\.gz)?$/, '');
    return {
      id,
      dataset,
      system: siblings.length > 0 ? fileName : (optionalText(body, 'system') ?? dataset),
      body,
      siblings,
      baseline: await this.referred(id, body, 'baseline_file'),
      baselineLogs: await this.referred(id, body, 'baseline_logs_file'),
    };
  }

  /** Must only be called after all predictions. @returns undefined when there is no `labels.json` */
  async labels(): Promise<Readonly<Record<string, Json>> | undefined> {
    try {
      return object(await readJson(join(this.folder, 'labels.json')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async referred(id: string, body: Json, field: string): Promise<Json> {
    const file = optionalText(body, field);
    return file === undefined ? undefined : this.readable(id, file);
  }

  private async readable(id: string, file: string): Promise<Json> {
    try {
      return await this.file(file);
    } catch (error) {
      this.unread.push(`${id}: ${(error as Error).message.slice(0, 300)}`);
      return {};
    }
  }

  /** Caches the last files, since many cases share a baseline. @throws Error for a path outside the folder */
  private async file(file: string): Promise<Json> {
    const path = normalize(file);
    if (path.startsWith('..') || path.startsWith(sep)) throw new Error(`${file} lies outside of the folder.`);
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const content = await readJson(join(this.folder, path));
    if (this.#files.size >= MAX_CACHED_FILES) this.#files.delete(this.#files.keys().next().value ?? '');
    this.#files.set(path, content);
    return content;
  }
}

async function readJson(path: string): Promise<Json> {
  const bytes = await readFile(path);
  const plain = path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes;
  return JSON.parse(plain.toString('utf8')) as Json;
}
