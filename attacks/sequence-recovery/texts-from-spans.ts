import type { AttackContext } from '../../src/api/attack.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import type { ColumnSpace } from './column-space.ts';
import { CANDIDATES_PER_TEXT, continuedTexts } from './continued-texts.ts';
import { inputSpace, projectedRows, SpanTest } from './span.ts';

/** Tokens asked about at once. */
const CHUNK = 512;
/**
 * Sweeps of a completion: of a batch's; of one text's before it is first read; and of each further one,
 * which begins where the text that was read would put it.
 */
const SWEEPS = { batch: 40, first: 8, next: 4 } as const;
/** Times that a text is read again, at most. */
const READINGS = 12;

export interface SpannedTexts {
  /** Inputs, [samples] of [context] tokens. */
  readonly texts: readonly Int32Array[];
  /**
   * How far a token at the text's position is from the space, 0 … 1; the nearest one is the text's. Of a
   * batch unknown.
   */
  distance?(token: number, position: number): number;
}

type Tools = Pick<AttackContext<unknown>, 'model' | 'engine' | 'signal'>;

/**
 * The inputs of a batch of texts by span tests (Petrov et al. 2024, DAGER). What the
 * first block is given depends on a token and its position alone, so every token is tried at every
 * position.
 *
 * Of one text the nearest token is taken, without a threshold: an inexact space, of a partly encrypted
 * projection, still ranks them, and what the text so read would have been projected is where the
 * completion goes on from, until it is read the same again.
 *
 * Of several texts, any of their tokens lies in the space at any position as soon as they have more rows
 * than different tokens and positions. The second block tells which token continues which text.
 *
 * @returns undefined where the projections don't tell their spaces
 */
export async function textsFromSpans(
  update: ObservedUpdate,
  tools: Tools,
  random: RandomStream,
): Promise<SpannedTexts | undefined> {
  const { model, signal } = tools;
  const { samples, start } = update;
  const [context] = model.inputShape as readonly [number];
  const [first, second] = model.language?.attention ?? [];
  if (!first || (samples > 1 && !second)) return undefined;
  const tokens = samples * context;
  const sweeps = samples > 1 ? SWEEPS.batch : SWEEPS.first;
  const spaceOf = (block: typeof first, begin: Float32Array | RandomStream, most: number) =>
    inputSpace(model, block, update, tokens, begin, most, signal);
  const space = await spaceOf(first, random.derive('first'), sweeps);
  if (!space) return undefined;
  const test = await SpanTest.open(tools, first, tokens);
  try {
    let nearness = await Nearness.of(space, start, test, tools);
    if (samples > 1) {
      const later = second && (await spaceOf(second, random.derive('second'), sweeps));
      if (!second || !later) return undefined;
      const candidates = nearness.candidates(CANDIDATES_PER_TEXT * samples);
      return { texts: await continuedTexts(update, tools, second, later, candidates) };
    }
    let text = nearness.text();
    for (let reading = 0; reading < READINGS; reading++) {
      const rows = await projectedRows(tools, first, start, text);
      const next = await spaceOf(first, rows, SWEEPS.next);
      if (!next) break;
      nearness = await Nearness.of(next, start, test, tools);
      const before = text;
      text = nearness.text();
      if (text.every((token, at) => token === before[at])) break;
    }
    const last = nearness;
    return { texts: [text], distance: (token, position) => last.distance(token, position) };
  } finally {
    test.close();
  }
}

/** How far every token at every position is from a space. */
class Nearness {
  readonly #distances: Float32Array;
  readonly #size: { readonly classes: number; readonly context: number };

  private constructor(distances: Float32Array, size: { classes: number; context: number }) {
    this.#distances = distances;
    this.#size = size;
  }

  static async of(
    space: ColumnSpace,
    start: Float32Array,
    test: SpanTest,
    { model, signal }: Tools,
  ): Promise<Nearness> {
    const { classes, layout } = model;
    const [context] = model.inputShape as readonly [number];
    const weights = layout.split(start);
    const distances = new Float32Array(classes * context);
    for (let token = 0; token < classes; token += CHUNK) {
      const some = Array.from({ length: Math.min(CHUNK, classes - token) }, (_, at) =>
        new Int32Array(context).fill(token + at),
      );
      distances.set(await test.ofTexts(weights, space, some, signal), token * context);
    }
    return new Nearness(distances, { classes, context });
  }

  distance(token: number, position: number): number {
    return this.#distances[token * this.#size.context + position] as number;
  }

  /** The nearest tokens of every position, nearest first. */
  candidates(most: number): number[][] {
    const { classes, context } = this.#size;
    return Array.from({ length: context }, (_, position) =>
      Array.from({ length: classes }, (_, token) => token)
        .sort((a, b) => this.distance(a, position) - this.distance(b, position))
        .slice(0, most),
    );
  }

  /** The nearest token of every position. */
  text(): Int32Array {
    return Int32Array.from(this.candidates(1), ([token]) => token as number);
  }
}
