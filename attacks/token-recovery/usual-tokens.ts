import type { LabelledSamples } from '../../src/data/dataset.ts';

/** Tokens that are in more than half of the attacker's own sequences: its guess without any view. */
export function usualTokens(
  { count, inputs, labels }: LabelledSamples,
  vocabulary: number,
): Int32Array {
  const length = inputs.length / count;
  const seen = new Uint32Array(vocabulary);
  for (let sample = 0; sample < count; sample++) {
    const own = new Set(inputs.subarray(sample * length, (sample + 1) * length));
    own.add(labels[sample] as number);
    for (const token of own) seen[token] = (seen[token] as number) + 1;
  }
  return Int32Array.from(seen, (_, token) => token).filter(
    (token) => 2 * (seen[token] as number) > count,
  );
}
