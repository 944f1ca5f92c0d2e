import { z } from 'zod';
import { unpackBitmap } from './coordinate-set.ts';
import type { CoordinateSet } from './partial-vector.ts';

/** Stored bytes that are no view: names the place and what is wrong there. */
export class ViewFormatError extends Error {
  override readonly name = 'ViewFormatError';
}

export const count = z.int().nonnegative();
export const positive = z.int().positive();
export const floats = z.custom<Float32Array>(
  (value) => value instanceof Float32Array,
  'expected a Float32Array',
);
export const bytes = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  'expected a Uint8Array',
);
export const indices = z.custom<Uint32Array>(
  (value) => value instanceof Uint32Array,
  'expected a Uint32Array',
);

/** The public facts of a federation, as `ServerView` has them. */
export const publicFacts = {
  model: z.string(),
  size: positive,
  hyper: z.strictObject({
    learningRate: z.number().positive(),
    localEpochs: positive,
    batchSize: positive,
    proximal: z.number().positive().exactOptional(),
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
    keySetup: z.enum(['none', 'shared', 'per-client', 'joint', 'threshold', 'own-key']),
    threshold: positive.exactOptional(),
    flooding: z.boolean().exactOptional(),
  }),
  rest: z.enum(['zero', 'kept']).exactOptional(),
  serverLearns: z.enum(['plain-part', 'aggregate']),
};

/** A round's public events, as `RoundView` has them. */
export const roundFacts = {
  dropouts: z
    .array(
      z.strictObject({
        client: count,
        stage: z.enum(['before-upload', 'after-upload', 'before-decryption']),
      }),
    )
    .readonly()
    .exactOptional(),
  opening: z
    .strictObject({
      openers: z.array(count).readonly(),
      partialDecryptions: z.enum(['none', 'flooded', 'unflooded']),
    })
    .exactOptional(),
  lost: z.literal(true).exactOptional(),
  blocks: z
    .array(z.strictObject({ client: count, length: count }))
    .readonly()
    .exactOptional(),
};

/** @throws {ViewFormatError} naming the first field that is missing or of another type. */
export function parseShape<T>(shape: z.ZodType<T>, stored: unknown): T {
  const parsed = shape.safeParse(stored);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ViewFormatError(`${place(issue?.path ?? [])}: ${issue?.message ?? 'unreadable'}`);
}

/** The coordinate set of a stored bitmap. */
export function parseSet(bitmap: Uint8Array, size: number, where: string): CoordinateSet {
  return named(where, () => unpackBitmap(bitmap, size));
}

/** Puts the place before the reason of a `RangeError`. */
export function named<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new ViewFormatError(`${where}: ${error.message}`);
    throw error;
  }
}

export function requireDistinct(coordinates: Uint32Array, size: number, where: string): void {
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
  if (path.length === 0) return 'what is stored';
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : at ? `.${String(key)}` : String(key)))
    .join('');
}
