import type { AttackContext } from '../../src/api/attack.ts';
import type { AttentionProjection } from '../../src/models/model.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import type { ColumnSpace } from './column-space.ts';
import { SpanTest } from './span.ts';

/** Candidates of a position, at most per text. */
export const CANDIDATES_PER_TEXT = 8;
/** A continuation is another text's where it is less than so many times as far away as the farthest taken. */
const AS_NEAR = 10;

/**
 * Texts that grow token by token, each by the candidate that the block of `projection` was given: its
 * inputs depend on all tokens before (Petrov et al. 2024, DAGER's greedy search for decoders).
 *
 * @param space of that block's inputs
 * @param candidates of each position
 */
export async function continuedTexts(
  { samples, start }: ObservedUpdate,
  { model, engine, signal }: Pick<AttackContext<unknown>, 'model' | 'engine' | 'signal'>,
  projection: AttentionProjection,
  space: ColumnSpace,
  candidates: readonly (readonly number[])[],
): Promise<Int32Array[]> {
  const context = candidates.length;
  const weights = model.layout.split(start);
  const tries = CANDIDATES_PER_TEXT * samples * samples;
  const test = await SpanTest.open({ model, engine }, projection, samples * context, tries);
  try {
    let texts: Int32Array[] = [new Int32Array(context)];
    for (const [position, tokens] of candidates.entries()) {
      const ways = texts.flatMap((text) => tokens.map((token) => text.with(position, token)));
      const found = await test.ofTexts(weights, space, ways, signal);
      texts = nearestWays(
        ways.map((text, at) => ({
          ...{ text, from: Math.floor(at / tokens.length) },
          distance: found[at * context + position] as number,
        })),
        samples,
      );
    }
    return Array.from({ length: samples }, (_, at) => texts[at % texts.length] as Int32Array);
  } finally {
    test.close();
  }
}

/**
 * The different texts that go on: the nearest continuation of each, and others as near until there are as
 * many as the batch has. Fewer where texts begin alike.
 */
function nearestWays(
  ways: readonly { readonly text: Int32Array; readonly from: number; readonly distance: number }[],
  samples: number,
): Int32Array[] {
  const sorted = ways.toSorted((a, b) => a.distance - b.distance);
  const taken = sorted.filter(
    ({ from }, at) => sorted.findIndex((other) => other.from === from) === at,
  );
  const farthest = Math.max(...taken.map(({ distance }) => distance));
  for (const way of sorted)
    if (taken.length < samples && !taken.includes(way) && way.distance < AS_NEAR * farthest)
      taken.push(way);
  return taken.map(({ text }) => text);
}
