/**
 * Number of single-letter slips (insertion, deletion, substitution, swap of neighbours) between two
 * words: the optimal string alignment distance.
 */
export function slips(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (previous[j] as number) + 1,
        (current[j - 1] as number) + 1,
        (previous[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforePrevious[j - 2] as number) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] as number;
}

/** Letters and digits only, lower case: `Mask_Crypt` and `maskcrypt` are the same word. */
const bare = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The known word that was probably meant, if one is near enough: a slip per three letters. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const written = bare(word);
  if (written.length === 0 || written.length > 100) return undefined;
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const target = bare(candidate);
    const allowed = Math.max(1, Math.floor(Math.max(written.length, target.length) / 3));
    const extends_ = written.length >= 3 && target.startsWith(written);
    const distance = extends_ ? Math.min(1, slips(written, target)) : slips(written, target);
    if (distance <= allowed && distance < fewest) {
      best = candidate;
      fewest = distance;
    }
  }
  return best;
}

/**
 * What to write instead of an unknown word: `did you mean "maskcrypt"? There are full, maskcrypt.`
 *
 * @param known every valid word; shown in full, so keep the list one a person can read
 */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return 'there are none to choose from.';
  const guess = closest(word, known);
  const all = `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`;
  return guess === undefined
    ? all
    : `did you mean "${guess}"? ${all.charAt(0).toUpperCase()}${all.slice(1)}`;
}
