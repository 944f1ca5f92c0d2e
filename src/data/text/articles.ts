import type { ClientText } from './sequences.ts';

/**
 * A heading of the first level with the blank line before it: ` = Name = `. Headings inside an article
 * have more signs; a line of a table may look alike but follows no blank one.
 */
const HEADING = /(?:^|(?<=\n)) ?\n = (?!= )([^\n]*?) = ?\n ?\n/g;

/**
 * The articles of a WikiText file in order, each with its heading. Rare words are `<unk>` there, so
 * that articles may share a name.
 *
 * @throws {RangeError} when the file begins with anything but the heading of an article
 */
export function articlesOf(wikitext: string): ClientText[] {
  const found = [...wikitext.matchAll(HEADING)];
  const before = wikitext.slice(0, found[0]?.index).trim();
  if (before !== '' || found.length === 0)
    throw new RangeError(
      `the text begins without the heading of an article: ${JSON.stringify(before.slice(0, 40))}`,
    );
  return found.map((match, at) => ({
    name: match[1] as string,
    text: wikitext.slice(match.index, found[at + 1]?.index),
  }));
}
