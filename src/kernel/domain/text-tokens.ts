const STOP_WORDS = new Set(
  (
    'about after again all also and any are because been before being but can could did does doing for from had has ' +
    'have her here him his how into its more most nor not now off only our out over own same she should some such ' +
    'than that the their them then there these they this those too under until very was were what when where which ' +
    'while who will with would you your'
  ).split(' '),
);

// Two characters are a fragment in Latin script and a whole word in others.
const NOT_ASCII = /[^\0-\x7f]/;

/** Longer texts are truncated: tokens that matter are on the first pages. */
const MAX_TEXT = 50_000;

/**
 * The words of prose, paths and identifiers alike, in order, lower case, at least three letters long:
 * `ResizePool() in pkg/db/conn_pool.go` → `resize pool pkg conn pool`. Plurals lose their `s`.
 */
export function textTokens(text: string): string[] {
  const words = text
    .slice(0, MAX_TEXT)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words
    .filter(
      (word) => (word.length >= 3 || NOT_ASCII.test(word)) && !/^\d+$/.test(word) && !STOP_WORDS.has(word),
    )
    .map(singular);
}

function singular(word: string): string {
  return word.length > 4 && word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us')
    ? word.slice(0, -1)
    : word;
}
