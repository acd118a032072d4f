import { setMaxListeners } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import { lenientText } from '#kernel/domain/lenient-text';
import type { TenantId } from '#kernel/domain/ids';
import { type EvidenceQuestion, EvidenceSources, type PulledPiece, type Unanswered } from '../api.js';
import type { Integration } from '../domain/integration.js';
import { Integrations } from '../domain/integrations.js';
import { ProviderError, Outside, type SourceAnswer } from '../providers/provider.js';
import { providerNamed } from '../providers/registry.js';
import { Connections } from './connections/connections.js';
import { sizeOf, storableRow } from './storable-row.js';

const TIMEOUT_MS = 10_000;
const MAX_SOURCES = 20;
const MAX_SENTENCE = 10_000;
/** Limits for one source and for all together, since all of it is in memory at once. */
const MAX_ROWS = { ofOne: 40_000, ofAll: 120_000 };
const MAX_CHARACTERS = { ofOne: 8 * 1024 * 1024, ofAll: 32 * 1024 * 1024 };

/** Pulls from every connected source; a failure becomes a sentence in `missing`. */
@Injectable()
export class PullEvidence extends EvidenceSources {
  private readonly log = new Logger(PullEvidence.name);

  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
  ) {
    super();
  }

  async pull(
    tenantId: TenantId,
    question: EvidenceQuestion,
    signal: AbortSignal,
  ): Promise<(PulledPiece | Unanswered)[]> {
    const all = await this.integrations.newestFirst(tenantId);
    const sources = all.filter(({ provider, config }) => {
      const { evidence } = providerNamed(provider);
      return evidence && evidence.concerns?.(config, question.service) !== false;
    });
    const queried = sources.slice(0, MAX_SOURCES);
    const pulled = await Promise.all(
      queried.map((source) => this.query(source, question, limitsOfOne(queried.length), signal)),
    );
    const skipped = sources.slice(MAX_SOURCES).map((source) => ({
      ...about(source),
      missing: `${source.label} was not queried: only the ${MAX_SOURCES} sources connected last are.`,
    }));
    return [...pulled.flat(), ...skipped];
  }

  private async query(
    source: Integration,
    question: EvidenceQuestion,
    left: Limits,
    signal: AbortSignal,
  ): Promise<(PulledPiece | Unanswered)[]> {
    const from = about(source);
    const results: (PulledPiece | Unanswered)[] = [];
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const { provider, connection } = this.connections.of(source);
      const stop = AbortSignal.any([signal, timeout]);
      // One listener for each call in flight.
      setMaxListeners(0, stop);
      const answers = provider.evidence?.pull(connection, question, this.outside, stop);
      if (!answers) return [];
      for await (const answer of untilAborted(answers, stop)) {
        if ('missing' in answer) {
          const missing = storable(`${source.label}: ${answer.missing}`);
          if (!results.some((other) => 'missing' in other && other.missing === missing))
            results.push({ ...from, missing });
          continue;
        }
        const rows = fitting(answer.rows, left);
        if (rows.length > 0)
          results.push({ ...from, type: answer.type, query: storable(answer.query), rows });
        if (rows.length === answer.rows.length) continue;
        const missing = `${source.label} returned more than the limit of one source; the rest was not read.`;
        return [...results, { ...from, missing }];
      }
    } catch (error) {
      signal.throwIfAborted();
      results.push({ ...from, missing: this.sentence(source, error, timeout.aborted) });
    }
    if (results.length === 0)
      results.push({
        ...from,
        missing: `${source.label} responded, but has no data about this incident.`,
      });
    return results;
  }

  private sentence({ label, integrationId }: Integration, error: unknown, timedOut: boolean): string {
    if (timedOut) return `${label} did not finish within ${TIMEOUT_MS / 1000} s.`;
    if (error instanceof ProviderError) return storable(`${label}: ${error.message}`);
    if (error instanceof SealedTextError)
      return `${label} was not queried: its credentials cannot be read; connect it again.`;
    // Nothing that a source sends may fail the run.
    this.log.error(error, `${integrationId} could not be read`);
    return `${label} returned data that could not be read.`;
  }
}

/** Errors and follow-up queries may contain anything that a source sent. */
function storable(sentence: string): string {
  return lenientText(sentence, MAX_SENTENCE);
}

function about({ integrationId, provider, label }: Integration) {
  return { integrationId, provider, source: label };
}

interface Limits {
  rows: number;
  characters: number;
}

function limitsOfOne(sources: number): Limits {
  return {
    rows: Math.min(MAX_ROWS.ofOne, Math.floor(MAX_ROWS.ofAll / sources)),
    characters: Math.min(MAX_CHARACTERS.ofOne, Math.floor(MAX_CHARACTERS.ofAll / sources)),
  };
}

/** The first rows that fit into what is left of the limits, which it reduces. */
function fitting(rows: PulledPiece['rows'], left: Limits): PulledPiece['rows'] {
  const kept: PulledPiece['rows'][number][] = [];
  for (const row of rows) {
    const storable = storableRow(row);
    left.rows -= 1;
    left.characters -= sizeOf(storable);
    if (left.rows < 0 || left.characters < 0) break;
    kept.push(storable);
  }
  return kept;
}

/** A source that ignores the abort signal is abandoned. */
async function* untilAborted(
  answers: AsyncIterable<SourceAnswer>,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const iterator = answers[Symbol.asyncIterator]();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error); }, { once: true }); // prettier-ignore
  });
  // By then the caller may no longer await it.
  aborted.catch(() => undefined);
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // It may hold a connection; its release is not awaited.
    iterator.return?.().catch(() => undefined);
  }
}
