import type { AttackContext } from '../../src/api/attack.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import type { AttentionProjection } from '../../src/models/model.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import { type ColumnSpace, EXACT } from './column-space.ts';
import { inputSpace, projectedRows, SpanTest } from './span.ts';

/** Tokens asked about at once. */
const CHUNK = 512;
/** Candidates of a position that the second block is asked about, at most per text. */
const CANDIDATES_PER_TEXT = 8;
/** A continuation is another text's where it is so many times as far away as the nearest. */
const AS_NEAR = 10;

/** Times that a space is sought anew from the text that the last one told. */
const FEEDBACK = 10;

export interface SpannedTexts {
  /** Inputs, [samples] of [context] tokens. */
  readonly texts: readonly Int32Array[];
  /**
   * How far a token at a text's position is from the space, 0 … 1; the nearest one is the text's. Of a
   * batch unknown.
   */
  distance?(token: number, position: number): number;
}

type Tools = Pick<AttackContext<unknown>, 'model' | 'engine' | 'signal'>;

/**
 * The inputs of a batch of texts by two span tests (Petrov et al. 2024, DAGER, algorithms 1 and 2). What
 * the first block is given depends on a token and its position alone, so every token is tried at every
 * position. Of one text the nearest token is taken, without a threshold: an inexact space, of a partly
 * encrypted projection, still ranks them, and what the text so found would be multiplied is where the
 * space is sought from again. Of several texts, tokens of all lie in the space at positions of
 * all as soon as these are more than the different tokens and positions, so the second block tells
 * which token continues which text: its inputs depend on all tokens before.
 *
 * @returns undefined where the projections don't tell their spaces
 */
export async function textsFromSpans(
  update: ObservedUpdate,
  tools: Tools,
  random: RandomStream,
): Promise<SpannedTexts | undefined> {
  const { model, signal } = tools;
  const { samples } = update;
  const [context] = model.inputShape as readonly [number];
  const [first, second] = model.language?.attention ?? [];
  if (!first || (samples > 1 && !second)) return undefined;
  const spaceOf = (projection: AttentionProjection, start: Float32Array | RandomStream) =>
    inputSpace(model, projection, update, samples * context, start, signal);
  let space = await spaceOf(first, random.derive('first'));
  if (!space) return undefined;
  let distances = await tokenDistances(update, tools, first, space);
  if (samples === 1) {
    for (let round = 0; round < FEEDBACK && space.unexplained > EXACT; round++) {
      const text = nearestText(distances, model.classes, context);
      const rows = await projectedRows(tools, first, update.start, text);
      const next: ColumnSpace | undefined = await spaceOf(first, rows);
      if (!next || next.unexplained >= space.unexplained) break;
      space = next;
      distances = await tokenDistances(update, tools, first, space);
    }
    const last = distances;
    return {
      texts: [nearestText(last, model.classes, context)],
      distance: (token, position) => last[token * context + position] as number,
    };
  }
  const later = second && (await spaceOf(second, random.derive('second')));
  if (!second || !later) return undefined;
  const candidates = Array.from({ length: context }, (_, position) =>
    Array.from({ length: model.classes }, (_, token) => token)
      .sort(
        (a, b) =>
          (distances[a * context + position] as number) -
          (distances[b * context + position] as number),
      )
      .slice(0, CANDIDATES_PER_TEXT * samples),
  );
  return { texts: await continued(update, tools, second, later, candidates) };
}

/** The nearest token of every position. */
function nearestText(distances: Float32Array, classes: number, context: number): Int32Array {
  return Int32Array.from({ length: context }, (_, position) => {
    let nearest = 0;
    for (let token = 1; token < classes; token++)
      if (
        (distances[token * context + position] as number) <
        (distances[nearest * context + position] as number)
      )
        nearest = token;
    return nearest;
  });
}

/** Distances of every token at every position, [classes, context]. */
async function tokenDistances(
  { samples, start }: ObservedUpdate,
  { model, engine, signal }: Tools,
  projection: AttentionProjection,
  space: ColumnSpace,
): Promise<Float32Array> {
  const [context] = model.inputShape as readonly [number];
  const test = await SpanTest.open({ model, engine }, projection, samples * context);
  const weights = model.layout.split(start);
  const distances = new Float32Array(model.classes * context);
  try {
    for (let token = 0; token < model.classes; token += CHUNK) {
      const some = Array.from({ length: Math.min(CHUNK, model.classes - token) }, (_, at) =>
        new Int32Array(context).fill(token + at),
      );
      distances.set(await test.ofTexts(weights, space, some, signal), token * context);
    }
  } finally {
    test.close();
  }
  return distances;
}

/** Texts that grow token by token, each by the candidate that the second block is given. */
async function continued(
  { samples, start }: ObservedUpdate,
  { model, engine, signal }: Tools,
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
