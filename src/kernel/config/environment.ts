import { isIP } from 'node:net';

export type Environment = Readonly<Record<string, string | undefined>>;

const KEY_BYTES = 32;
const CIDR = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i;

/**
 * Reads variables and collects all faults instead of stopping at the first, so that an operator can fix a bad configuration at once.
 * Faults never quote a value that could be a secret.
 */
export class EnvironmentReader {
  readonly faults: string[] = [];

  constructor(private readonly env: Environment) {}

  /** Trimmed, because env files keep surrounding white space. Empty counts as unset. */
  text(name: string): string | undefined {
    return this.env[name]?.trim() || undefined;
  }

  matching(name: string, pattern: RegExp, expected: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || pattern.test(value)) return value;
    this.fault(`${name} must be ${expected}.`);
    return undefined;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.fault(`${name} must be a whole number from ${min} to ${max}, not "${value}".`);
    return fallback;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return fallback;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) this.fault(`${name} must be one of ${allowed.join(', ')}, not "${value}".`);
    return found ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (isAddress(value) && protocols.includes(new URL(value).protocol)) return value;
    const starts = protocols.map((protocol) => `${protocol}//`);
    const isEscaped = !value.includes('@') || !starts.some((start) => value.startsWith(start));
    const rule = isEscaped
      ? ''
      : ', with special characters of user and password percent-encoded: %40 for @, %23 for #';
    this.fault(`${name} must be an address that starts with ${starts.join(' or ')}${rule}.`);
    return undefined;
  }

  /** The items of a comma-separated list, unchecked. */
  items(name: string): readonly string[] {
    const items = (this.text(name) ?? '').split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }

  list(name: string, valid: (item: string) => boolean, expected: string): readonly string[] {
    const given = this.items(name);
    for (const item of given) {
      if (!valid(item))
        this.fault(`${name} must be a comma-separated list of ${expected}, which "${item}" is not.`);
    }
    return given;
  }

  encryptionKeys(name: string): readonly string[] {
    const given = this.items(name);
    if (!given.every(isEncryptionKey))
      this.fault(`${name} must be a comma-separated list of base64 texts of 32 bytes each.`);
    return given;
  }

  fault(sentence: string): void {
    this.faults.push(sentence);
  }
}

/** A URL whose user and password can be decoded, too. */
export function isAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return !/%(?![0-9a-f]{2})/i.test(username + password);
}

export function isEncryptionKey(value: string): boolean {
  return /^[A-Za-z0-9+/]{43}=?$/.test(value) && Buffer.from(value, 'base64').length === KEY_BYTES;
}

/** A single address counts as the range that contains only it. */
export function isCidr(value: string): boolean {
  const [, address = '', prefix] = CIDR.exec(value) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(prefix ?? 0) <= (family === 4 ? 32 : 128);
}

/** The exact form of the `Origin` header of browsers; anything else would never match. */
export function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
