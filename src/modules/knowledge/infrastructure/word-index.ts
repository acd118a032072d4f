import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThanOrEqual } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type AlertText, serviceKey, tellingWords } from '../domain/similarity.js';
import type { Pattern } from '../domain/pattern.js';
import { type PatternFilter, PatternIndex } from '../domain/patterns.js';
import { patternSchema } from './pattern.schema.js';

/** The words of a title that it is found by, and how many patterns are looked at for each and in all. */
const MOST_WORDS = 24;
const LONGEST_WORD = 64;
const MOST_A_WORD = 200;
const MOST_CANDIDATES = 50;

/**
 * Patterns by the words of their alert's title: two alerts of which the titles share no word are never the same trouble.
 * Equality on a plain index, because under row-level security PostgreSQL uses no index for full-text operators.
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

/** The same text first, then by how many words are shared; of equals the newer. */
const RANK = `GROUP BY pattern_id ORDER BY bool_or(sought LIKE '=%') DESC, count(*) DESC, pattern_id DESC
 LIMIT ${MOST_CANDIDATES}`;

const BY_WORDS = `
SELECT pattern_id FROM unnest($2::text[]) AS sought, LATERAL (
  SELECT pattern_id FROM pattern_words WHERE tenant_id = $1 AND word = sought
   ORDER BY pattern_id DESC LIMIT ${MOST_A_WORD}) AS shared
 ${RANK}`;

/** A pattern that names no service may be of any. */
const BY_WORDS_OF_A_SERVICE = `
SELECT pattern_id FROM unnest($2::text[]) AS sought, unnest(ARRAY['', $3]) AS named, LATERAL (
  SELECT pattern_id FROM pattern_words WHERE tenant_id = $1 AND word = sought AND service = named
   ORDER BY pattern_id DESC LIMIT ${MOST_A_WORD}) AS shared
 ${RANK}`;

/**
 * The words of the title, and one that stands for the whole text: of many alerts with one title, the same text comes
 * first. A title without a word, of punctuation and numbers alone, is found by itself as a whole.
 */
function keysOf({ title, description }: AlertText): string[] {
  const words = tellingWords(title).slice(0, MOST_WORDS);
  const keys = words.length > 0 ? words : [title.trim()];
  const text = JSON.stringify([keys, tellingWords(description)]);
  const whole = `=${createHash('sha256').update(text).digest('base64url')}`;
  return [...new Set([whole, ...keys.map((word) => word.slice(0, LONGEST_WORD))])];
}
