import type { ClientText } from './sequences.ts';

/**
 * The speakers of a play, in the order in which they first speak. Speeches are separated by blank
 * lines and begin with the speaker's name and a colon in a line of its own, which stays part of the
 * text; a paragraph without one goes on with the speech before.
 *
 * @throws {RangeError} when the text begins without a speaker
 */
export function speakersOf(play: string): ClientText[] {
  const texts = new Map<string, string>();
  let speaking: string | undefined;
  for (const paragraph of play.split('\n\n')) {
    const name = /^([^\n:]+):(?:\n|$)/.exec(paragraph.replace(/^\n+/, ''))?.[1];
    speaking = name ?? speaking;
    if (speaking === undefined)
      throw new RangeError(
        `the text begins without a speaker: ${JSON.stringify(paragraph.slice(0, 40))}`,
      );
    texts.set(speaking, `${texts.get(speaking) ?? ''}${paragraph}\n\n`);
  }
  return [...texts].map(([name, text]) => ({ name, text }));
}
