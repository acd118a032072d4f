const MOST_CHARACTERS = 4_000;

/** The beginning of a content, whole code points, for a person to look at. */
export function excerpt(content: string): string {
  if (content.length <= MOST_CHARACTERS) return content;
  return `${content.slice(0, MOST_CHARACTERS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
