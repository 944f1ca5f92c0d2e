import type { RandomStream } from '../../src/engine/random.ts';
import type { Bigrams } from './bigrams.ts';

/**
 * A text by the frequencies of tokens alone: every token as often as it is to be expected in one of the
 * attacker's own texts (largest remainders), in random order.
 */
export function unigramText(
  bigrams: Bigrams,
  vocabulary: number,
  length: number,
  random: RandomStream,
): Int32Array {
  const expected = Array.from({ length: vocabulary }, (_, token) => ({
    token,
    times: length * bigrams.share(token),
  }));
  const whole = expected.flatMap(({ token, times }) =>
    Array.from({ length: Math.floor(times) }, () => token),
  );
  const rest = expected
    .toSorted((a, b) => (b.times % 1) - (a.times % 1))
    .slice(0, length - whole.length)
    .map(({ token }) => token);
  return Int32Array.from(random.shuffle([...whole, ...rest]));
}
