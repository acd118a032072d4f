export const LONGEST_EMAIL = 254;
/** Refuses only what cannot be an address at all; whether mail arrives is known only by sending it. */
export const EMAIL = /^[^\s\p{Cc}\p{Cs}@<>"]+@[^\s\p{Cc}\p{Cs}@<>"']+$/u;

export function isEmail(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_EMAIL && EMAIL.test(value);
}
