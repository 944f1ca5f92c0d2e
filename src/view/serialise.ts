import { z } from 'zod';
import { packBitmap, unpackBitmap } from './coordinate-set.ts';
import { type CoordinateSet, PartialVector } from './partial-vector.ts';
import type { RoundView, ServerView } from './server-view.ts';

/** A stored view that is not one: names the place and what is wrong there. */
export class ViewFormatError extends Error {
  override readonly name = 'ViewFormatError';
}

/**
 * A view as a tree of plain objects, lists, numbers, strings and typed arrays, fit for a store.
 * Coordinate sets become bitmaps; nothing is added to the absences.
 */
export function serialiseView(view: ServerView): StoredView {
  return {
    format: 'hefl-view/1',
    ...view,
    rounds: view.rounds.map((round) => ({
      round: round.round,
      globalModel: storePartial(round.globalModel),
      mask: packBitmap(round.mask),
      transmissions: round.transmissions.map((sent) => ({
        ...sent,
        weights: storePartial(sent.weights),
      })),
    })),
    finalModel: storePartial(view.finalModel),
  };
}

/**
 * The view that `serialiseView` wrote.
 * @throws {ViewFormatError} naming the first field that is missing, of another type, or inconsistent.
 */
export function parseView(stored: unknown): ServerView {
  const parsed = storedView.safeParse(stored);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ViewFormatError(`${place(issue?.path ?? [])}: ${issue?.message ?? 'unreadable'}`);
  }
  const { format: _, rounds, finalModel, initialModel, ...rest } = parsed.data;
  const { size } = rest;
  if (initialModel.length !== size)
    throw new ViewFormatError(`initialModel: ${initialModel.length} values for ${size} parameters`);
  requireFinite(initialModel, 'initialModel');
  return {
    ...rest,
    initialModel,
    rounds: rounds.map((round, at) => parseRound(round, at, size)),
    finalModel: parsePartial(finalModel, size, 'finalModel'),
  };
}

const count = z.int().nonnegative();
const positive = z.int().positive();
const floats = z.custom<Float32Array>(
  (value) => value instanceof Float32Array,
  'expected a Float32Array',
);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');
const indices = z.custom<Uint32Array>(
  (value) => value instanceof Uint32Array,
  'expected a Uint32Array',
);

const storedPartial = z.strictObject({ known: bytes, values: floats });

const storedRound = z.strictObject({
  round: positive,
  globalModel: storedPartial,
  mask: bytes,
  transmissions: z.array(
    z.strictObject({
      client: count,
      samples: positive,
      localSteps: positive,
      batchSize: positive,
      proposal: indices.exactOptional(),
      weights: storedPartial,
      ciphertexts: z.strictObject({ count, bytes: count }),
    }),
  ),
});

const storedView = z.strictObject({
  format: z.literal('hefl-view/1'),
  model: z.string(),
  size: positive,
  hyper: z.strictObject({
    learningRate: z.number().positive(),
    localEpochs: positive,
    batchSize: positive,
  }),
  encryption: z.strictObject({
    parameterSet: z.enum([
      'plain',
      'ckks-tenseal',
      'ckks-fedmlhe',
      'ckks-add',
      'ckks-threshold',
      'bfv-maskcrypt',
      'bfv-pack23',
      'paillier-3072',
      'paillier-3072-batchcrypt',
      'paillier-3072-lanes',
    ]),
    keySetup: z.enum(['none', 'shared', 'per-client', 'joint', 'threshold']),
  }),
  serverLearns: z.enum(['plain-part', 'aggregate']),
  initialModel: floats,
  rounds: z.array(storedRound),
  finalModel: storedPartial,
});

/** What `serialiseView` gives. */
export type StoredView = z.infer<typeof storedView>;
type StoredPartial = z.infer<typeof storedPartial>;

function storePartial(vector: PartialVector): StoredPartial {
  return { known: packBitmap(vector.known), values: vector.values };
}

function parseRound(stored: z.infer<typeof storedRound>, at: number, size: number): RoundView {
  const where = `rounds[${at}]`;
  if (stored.round !== at + 1)
    throw new ViewFormatError(`${where}.round: ${stored.round} where round ${at + 1} belongs`);
  const seen = new Set<number>();
  return {
    round: stored.round,
    globalModel: parsePartial(stored.globalModel, size, `${where}.globalModel`),
    mask: parseSet(stored.mask, size, `${where}.mask`),
    transmissions: stored.transmissions.map((sent, index) => {
      const here = `${where}.transmissions[${index}]`;
      if (seen.has(sent.client))
        throw new ViewFormatError(`${here}.client: client ${sent.client} sent twice`);
      seen.add(sent.client);
      if (sent.proposal) requireDistinct(sent.proposal, size, `${here}.proposal`);
      return { ...sent, weights: parsePartial(sent.weights, size, `${here}.weights`) };
    }),
  };
}

function parsePartial(stored: StoredPartial, size: number, where: string): PartialVector {
  const known = parseSet(stored.known, size, `${where}.known`);
  requireFinite(stored.values, `${where}.values`);
  return named(where, () => new PartialVector(known, stored.values));
}

function parseSet(bitmap: Uint8Array, size: number, where: string): CoordinateSet {
  return named(where, () => unpackBitmap(bitmap, size));
}

function named<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new ViewFormatError(`${where}: ${error.message}`);
    throw error;
  }
}

function requireFinite(values: Float32Array, where: string): void {
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at]))
      throw new ViewFormatError(`${where}[${at}]: ${values[at]} is no weight`);
}

function requireDistinct(coordinates: Uint32Array, size: number, where: string): void {
  const seen = new Uint8Array(size);
  coordinates.forEach((coordinate, at) => {
    if (coordinate >= size)
      throw new ViewFormatError(`${where}[${at}]: coordinate ${coordinate} of ${size}`);
    if (seen[coordinate] === 1)
      throw new ViewFormatError(`${where}[${at}]: coordinate ${coordinate} is named twice`);
    seen[coordinate] = 1;
  });
}

function place(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the stored view';
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : at ? `.${String(key)}` : String(key)))
    .join('');
}
