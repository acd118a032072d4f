/** A kind of text that is replaced by a placeholder before it leaves the server. */
interface MaskingRule {
  readonly name: string;
  /** Global. If it has a group `value`, only that part is replaced. */
  readonly pattern: RegExp;
  /** An additional check of a match, such as a check digit. */
  readonly holds?: (match: string) => boolean;
}

const PLACEHOLDER = /\[(?:[a-z]+)#\d+\]/g;

/**
 * Applied in this order; the more specific rule comes first. Every quantifier is bounded, to prevent ReDoS. The first rule
 * masks text that already looks like a placeholder, so that a planted placeholder cannot be unmasked into a secret.
 */
const RULES: readonly MaskingRule[] = [
  { name: 'placeholder', pattern: PLACEHOLDER },
  {
    name: 'key',
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  },
  { name: 'token', pattern: /\beyJ[\w-]{5,4000}\.[\w-]{5,4000}\.[\w-]{0,1000}/g },
  {
    name: 'key',
    pattern:
      /\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,100}|xox[abprs]-[\w-]{10,255}|sk-[\w-]{16,255}|cflo_[0-9a-f]{8,64}|whsec_[\w+/=-]{8,255}|AIza[\w-]{30,45})/g,
  },
  { name: 'token', pattern: /\b(?:Bearer|Basic)\s+(?<value>[\w.~+/=-]{8,4000})/gi },
  {
    name: 'password',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'\\]{0,200}:(?<value>[^\s/"'\\@]{1,500})@/gi,
  },
  {
    name: 'secret',
    pattern:
      /\b[\w.-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?["']?\s{0,3}[:=]\s{0,3}["']?(?<value>[^\s"',;&)}\][]{4,500})/gi,
  },
  { name: 'email', pattern: /[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi },
  { name: 'iban', pattern: /\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b/g },
  { name: 'card', pattern: /\b\d(?:[ -]?\d){12,18}\b/g, holds: isCardNumber },
  { name: 'ssn', pattern: /\b\d{3}-\d{2}-\d{4}\b/g },
  { name: 'phone', pattern: /(?<![\w+])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,12}\b/g },
  { name: 'ip', pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d|\w)/g },
  { name: 'ip', pattern: /(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::|[0-9a-f]{1,4})(?![\w:])/gi },
];

/**
 * Replaces secrets and personal data by placeholders such as `[email#1]`, and reverses that. Equal values get equal
 * placeholders; one mask is used for a whole run, so that they match across all its texts.
 */
export class Mask {
  readonly #placeholders = new Map<string, string>();
  readonly #values = new Map<string, string>();
  readonly #fired = new Map<string, number>();

  mask(text: string): string {
    let masked = text;
    for (const { name, pattern, holds } of RULES) {
      masked = masked.replace(pattern, (match: string, ...rest: unknown[]) => {
        if (holds && !holds(match)) return match;
        const groups = rest.at(-1);
        const value =
          typeof groups === 'object' && groups !== null && 'value' in groups ? String(groups.value) : match;
        // An earlier rule has masked it already.
        if (name !== 'placeholder' && value.search(PLACEHOLDER) !== -1) return match;
        return match.replace(value, () => this.placeholderOf(name, value));
      });
    }
    return masked;
  }

  /** Replaces the placeholders by their values. */
  unmask(text: string): string {
    return text.replace(PLACEHOLDER, (placeholder) => this.#values.get(placeholder) ?? placeholder);
  }

  /** Masks every string in a JSON value, except field names. */
  maskAll<T>(json: T): T {
    if (typeof json === 'string') return this.mask(json) as T;
    if (Array.isArray(json)) return json.map((item: unknown) => this.maskAll(item)) as T;
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, this.maskAll(value)])) as T;
  }

  /** How many values each rule has replaced so far, by rule name. */
  get fired(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#fired].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private placeholderOf(name: string, value: string): string {
    this.#fired.set(name, (this.#fired.get(name) ?? 0) + 1);
    const known = this.#placeholders.get(value);
    if (known !== undefined) return known;
    const placeholder = `[${name}#${String(this.#placeholders.size + 1)}]`;
    this.#placeholders.set(value, placeholder);
    this.#values.set(placeholder, value);
    return placeholder;
  }
}

/** The Luhn check, so that order numbers and times in nanoseconds are not masked. */
function isCardNumber(text: string): boolean {
  const digits = (text.match(/\d/g) ?? []).reverse().map(Number);
  const sum = digits.reduce((total, digit, i) => {
    const term = i % 2 === 0 ? digit : digit * 2;
    return total + (term > 9 ? term - 9 : term);
  }, 0);
  return sum % 10 === 0;
}
