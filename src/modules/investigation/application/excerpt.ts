import { cut } from '../domain/wording.js';

const MOST_CHARACTERS = 4_000;

/** The beginning of a content, for a person to look at. */
export function excerpt(content: string): string {
  return cut(content, MOST_CHARACTERS);
}
