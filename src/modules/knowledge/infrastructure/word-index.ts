import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThanOrEqual } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type AlertText, serviceKey, keywords } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { type PatternFilter, PatternIndex } from '../domain/patterns.js';
import { patternSchema } from './pattern.schema.js';

/** Limits on the words indexed per title, and on the patterns considered per word and in total. */
const MAX_WORDS = 24;
const MAX_WORD_LENGTH = 64;
const MAX_PATTERNS_PER_WORD = 200;
const MAX_CANDIDATES = 50;

/**
 * Inverted index of the words of alert titles: alerts whose titles share no word never match. It uses equality on a B-tree
 * index, because under row-level security PostgreSQL uses no index for full-text operators.
 */
@Injectable()
export class WordIndex extends PatternIndex {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async add({ tenantId, patternId, alert }: Pattern): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO pattern_words (tenant_id, word, service, pattern_id) SELECT $1, unnest($2::text[]), $3, $4`,
      [tenantId, keysOf(alert), serviceKey(alert.service), patternId],
    );
  }

  async candidates(tenantId: TenantId, alert: AlertText): Promise<Pattern[]> {
    const service = serviceKey(alert.service);
    const found = await this.unitOfWork.query<{ pattern_id: string }>(
      tenantId,
      service === '' ? BY_WORDS : BY_WORDS_OF_A_SERVICE,
      [tenantId, keysOf(alert), ...(service === '' ? [] : [service])],
    );
    if (found.length === 0) return [];
    const patternIds = found.map(({ pattern_id }) => pattern_id);
    return this.unitOfWork.run(tenantId, ({ manager }) =>
      manager.findBy(patternSchema, { tenantId, patternId: In(patternIds) }),
    );
  }

  async list(
    tenantId: TenantId,
    { status, minConfidence }: PatternFilter,
    before: string | undefined,
    limit: number,
  ): Promise<Pattern[]> {
    return this.unitOfWork.run(tenantId, ({ manager }) =>
      manager.find(patternSchema, {
        where: {
          tenantId,
          ...(before !== undefined && { patternId: LessThan(before) }),
          ...(status && { status }),
          ...(minConfidence !== undefined && { confidence: MoreThanOrEqual(minConfidence) }),
        },
        order: { patternId: 'DESC' },
        take: limit,
      }),
    );
  }
}

/** Identical text first, then most shared words first, then newest first. */
const RANK = `GROUP BY pattern_id ORDER BY bool_or(key LIKE '=%') DESC, count(*) DESC, pattern_id DESC
 LIMIT ${MAX_CANDIDATES}`;

const BY_WORDS = `
SELECT pattern_id FROM unnest($2::text[]) AS key, LATERAL (
  SELECT pattern_id FROM pattern_words WHERE tenant_id = $1 AND word = key
   ORDER BY pattern_id DESC LIMIT ${MAX_PATTERNS_PER_WORD}) AS shared
 ${RANK}`;

/** Patterns of this service, and patterns without a service. */
const BY_WORDS_OF_A_SERVICE = `
SELECT pattern_id FROM unnest($2::text[]) AS key, unnest(ARRAY['', $3]) AS named, LATERAL (
  SELECT pattern_id FROM pattern_words WHERE tenant_id = $1 AND word = key AND service = named
   ORDER BY pattern_id DESC LIMIT ${MAX_PATTERNS_PER_WORD}) AS shared
 ${RANK}`;

/**
 * The words of the title, and a hash of the whole text, so that of many alerts with the same title an identical one ranks
 * first. A title without words (only punctuation and numbers) is indexed as a whole.
 */
function keysOf({ title, description }: AlertText): string[] {
  const words = keywords(title).slice(0, MAX_WORDS);
  const keys = words.length > 0 ? words : [title.trim()];
  const text = JSON.stringify([keys, keywords(description)]);
  const fingerprint = `=${createHash('sha256').update(text).digest('base64url')}`;
  return [...new Set([fingerprint, ...keys.map((word) => word.slice(0, MAX_WORD_LENGTH))])];
}
