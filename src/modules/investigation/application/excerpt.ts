import { cut } from '../domain/wording.js';

const MAX_CHARACTERS = 4_000;

/** The beginning of a text, for display. */
export function excerpt(content: string): string {
  return cut(content, MAX_CHARACTERS);
}
