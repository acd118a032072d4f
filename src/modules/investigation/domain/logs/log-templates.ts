import { maskVariables } from '#kernel/domain/mask-variables';
import { getOrAdd } from '../get-or-add.js';

/** A message with its variable parts masked or replaced by `<*>`. The same object for every line it stands for. */
export class LogTemplate {
  constructor(private tokens: string[]) {}

  /** The wording so far: it can only grow more general while more lines are read. */
  get text(): string {
    return this.tokens.join(' ');
  }

  /** The share of positions with the same word (He et al. 2017, simSeq); a `<*>` counts as different. */
  similarity(tokens: readonly string[]): number {
    let equal = 0;
    for (let i = 0; i < tokens.length; i += 1) if (this.tokens[i] === tokens[i]) equal += 1;
    return tokens.length === 0 ? 1 : equal / tokens.length;
  }

  generalise(tokens: readonly string[]): void {
    for (let i = 0; i < tokens.length; i += 1) if (this.tokens[i] !== tokens[i]) this.tokens[i] = ANY;
  }
}

const ANY = '<*>';
/** .4 in the paper; .5 grouped the 16 LogHub-2k sets a little better (.790 instead of .782). */
const SIMILARITY = 0.5;
const MAX_CHILDREN = 100;
// The bounds below keep a hostile log (every line different) linear in time and small in memory: past them a line
// joins the template it resembles most.
const MAX_TEMPLATES = 4000;
const MAX_PER_LEAF = 50;
const MAX_TOKENS = 60;
const MAX_CHARACTERS = 1024;
const REMEMBERED_MESSAGES = 20_000;

/**
 * Drain (He et al. 2017: "Drain: An Online Log Parsing Approach with Fixed Depth Tree"): a tree of depth 4 (root,
 * number of words, first word, leaf); in a leaf the template that shares most words takes the line. Linear in the
 * lines, bounded in memory whatever they hold.
 */
export class LogTemplates {
  readonly #leaves = new Map<number, Map<string, LogTemplate[]>>();
  readonly #remembered = new Map<string, LogTemplate>();
  readonly #places = new Map<string, LogTemplate>();
  #size = 0;

  /** The template that a message belongs to, which is a new one when it resembles none. */
  add(message: string): LogTemplate {
    const text = message.length > MAX_CHARACTERS ? message.slice(0, MAX_CHARACTERS) : message;
    const masked = maskVariables(text);
    const place = placeInCode(text);
    if (place !== undefined) return this.#atPlace(place, masked);
    const known = this.#remembered.get(masked);
    if (known) return known;
    const template = this.#match(words(masked));
    if (this.#remembered.size < REMEMBERED_MESSAGES) this.#remembered.set(masked, template);
    return template;
  }

  /** Lines that one statement of a program wrote are one template, whatever their words. */
  #atPlace(place: string, masked: string): LogTemplate {
    const known = this.#places.get(place);
    if (known) return known;
    const template = new LogTemplate(words(masked));
    if (this.#places.size < MAX_TEMPLATES) this.#places.set(place, template);
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
    if (best && (bestSimilarity >= SIMILARITY || full)) {
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
    // A first word with a digit or a mask in it is a variable, not the name of a message.
    return getOrAdd(byFirstWord, crowded || /[\d<]/.test(first) ? ANY : first, () => []);
  }
}

/** `OrderService#112`, `charge.go:118` at the start of a line: the statement that wrote it. */
const PLACE =
  /(?:^|[\s[(])([\w.$/-]{2,100}(?:#|\.(?:java|kt|go|py|js|ts|rb|cs|cpp|rs|php):)\d{1,6})(?![\w#])/;
const PLACE_WITHIN = 120;

function placeInCode(text: string): string | undefined {
  return PLACE.exec(text.slice(0, PLACE_WITHIN))?.[1];
}

function words(text: string): string[] {
  const all = text.trim().split(/\s+/);
  return all.length <= MAX_TOKENS ? all : [...all.slice(0, MAX_TOKENS - 1), ANY];
}
