import { maskVariables } from '#kernel/domain/mask-variables';
import { getOrAdd } from '../get-or-add.js';

/** A log template: a message whose variable parts are masked or `<*>`. All lines of a template share one object. */
export class LogTemplate {
  constructor(private tokens: string[]) {}

  /** The text so far; further lines can only make it more general. */
  get text(): string {
    return this.tokens.join(' ');
  }

  /** 0..1: the share of positions with equal tokens (simSeq of He et al. 2017); a `<*>` counts as different. */
  similarity(tokens: readonly string[]): number {
    let equal = 0;
    for (let i = 0; i < tokens.length; i += 1) if (this.tokens[i] === tokens[i]) equal += 1;
    return tokens.length === 0 ? 1 : equal / tokens.length;
  }

  generalise(tokens: readonly string[]): void {
    for (let i = 0; i < tokens.length; i += 1) if (this.tokens[i] !== tokens[i]) this.tokens[i] = WILDCARD;
  }
}

const WILDCARD = '<*>';
/** The paper uses .4; .5 groups the 16 LogHub-2k data sets slightly better (.790 instead of .782). */
const MIN_SIMILARITY = 0.5;
const MAX_CHILDREN = 100;
// These bounds keep a hostile log (every line different) linear in time and bounded in memory. Beyond them a line joins
// the most similar template.
const MAX_TEMPLATES = 4000;
const MAX_PER_LEAF = 50;
const MAX_TOKENS = 60;
const MAX_CHARACTERS = 1024;
const MAX_CACHED_MESSAGES = 20_000;

/**
 * Log template mining with Drain (He et al. 2017: "Drain: An Online Log Parsing Approach with Fixed Depth Tree"): a
 * parse tree of depth 4 (root, number of tokens, first token, leaf); a line joins the most similar template of its leaf.
 * Time is linear in the number of lines; memory is bounded for any input.
 */
export class LogTemplates {
  readonly #leaves = new Map<number, Map<string, LogTemplate[]>>();
  readonly #byMessage = new Map<string, LogTemplate>();
  readonly #byLocation = new Map<string, LogTemplate>();
  #size = 0;

  /** The template of a message; a new one when no known template is similar enough. */
  add(message: string): LogTemplate {
    const text = message.length > MAX_CHARACTERS ? message.slice(0, MAX_CHARACTERS) : message;
    const masked = maskVariables(text);
    const location = sourceLocation(text);
    if (location !== undefined) return this.#atLocation(location, masked);
    const known = this.#byMessage.get(masked);
    if (known) return known;
    const template = this.#match(words(masked));
    if (this.#byMessage.size < MAX_CACHED_MESSAGES) this.#byMessage.set(masked, template);
    return template;
  }

  /** Lines logged by one statement of a program share a template, whatever their text. */
  #atLocation(location: string, masked: string): LogTemplate {
    const known = this.#byLocation.get(location);
    if (known) return known;
    const template = new LogTemplate(words(masked));
    if (this.#byLocation.size < MAX_TEMPLATES) this.#byLocation.set(location, template);
    return template;
  }

  #match(tokens: string[]): LogTemplate {
    const leaf = this.#leaf(tokens);
    let best: LogTemplate | undefined;
    let bestSimilarity = -1;
    for (const template of leaf) {
      const similarity = template.similarity(tokens);
      if (similarity > bestSimilarity) [best, bestSimilarity] = [template, similarity];
    }
    const full = leaf.length >= MAX_PER_LEAF || this.#size >= MAX_TEMPLATES;
    if (best && (bestSimilarity >= MIN_SIMILARITY || full)) {
      best.generalise(tokens);
      return best;
    }
    const template = new LogTemplate(tokens);
    leaf.push(template);
    this.#size += 1;
    return template;
  }

  #leaf(tokens: readonly string[]): LogTemplate[] {
    const byFirstWord = getOrAdd(this.#leaves, tokens.length, () => new Map<string, LogTemplate[]>());
    const first = tokens[0] ?? '';
    const crowded = byFirstWord.size >= MAX_CHILDREN && !byFirstWord.has(first);
    // A first token with a digit or a mask is a variable.
    return getOrAdd(byFirstWord, crowded || /[\d<]/.test(first) ? WILDCARD : first, () => []);
  }
}

/** The source location of the logging statement at the start of a line: `OrderService#112`, `charge.go:118`. */
const SOURCE_LOCATION =
  /(?:^|[\s[(])([\w.$/-]{2,100}(?:#|\.(?:java|kt|go|py|js|ts|rb|cs|cpp|rs|php):)\d{1,6})(?![\w#])/;
const LOCATION_WITHIN = 120;

function sourceLocation(text: string): string | undefined {
  return SOURCE_LOCATION.exec(text.slice(0, LOCATION_WITHIN))?.[1];
}

function words(text: string): string[] {
  const all = text.trim().split(/\s+/);
  return all.length <= MAX_TOKENS ? all : [...all.slice(0, MAX_TOKENS - 1), WILDCARD];
}
