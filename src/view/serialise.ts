import { z } from 'zod';
import { packBitmap } from './coordinate-set.ts';
import { PartialVector } from './partial-vector.ts';
import type { RoundView, ServerView } from './server-view.ts';
import {
  bytes,
  count,
  floats,
  indices,
  named,
  parseSet,
  parseShape,
  positive,
  publicFacts,
  requireDistinct,
  roundFacts,
  ViewFormatError,
} from './stored-fields.ts';

export { ViewFormatError } from './stored-fields.ts';

/**
 * A view as a tree of plain objects, lists, numbers, strings and typed arrays, fit for a store.
 * Coordinate sets become bitmaps; nothing is added to the absences.
 */
export function serialiseView({ colluders, ...view }: ServerView): StoredView {
  return {
    format: 'hefl-view/1',
    ...view,
    rounds: view.rounds.map((round) => ({
      ...round,
      globalModel: storePartial(round.globalModel),
      mask: packBitmap(round.mask),
      transmissions: round.transmissions.map(({ mask, sent, weights, start: _, ...rest }) => ({
        ...rest,
        ...(mask && { mask: packBitmap(mask) }),
        ...(sent && { sent: packBitmap(sent) }),
        weights: storePartial(weights),
      })),
    })),
    finalModel: storePartial(view.finalModel),
    ...(colluders && { colluders: [...colluders] }),
  };
}

/**
 * The view that `serialiseView` wrote.
 * @throws {ViewFormatError} naming the first field that is missing, of another type, or inconsistent.
 */
export function parseView(stored: unknown): ServerView {
  const { format: _, rounds, finalModel, initialModel, ...rest } = parseShape(storedView, stored);
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

const storedPartial = z.strictObject({ known: bytes, values: floats });

const storedRound = z.strictObject({
  round: positive,
  globalModel: storedPartial,
  mask: bytes,
  ...roundFacts,
  transmissions: z.array(
    z.strictObject({
      client: count,
      samples: positive,
      localSteps: positive,
      batchSize: positive,
      weight: z.number().positive().exactOptional(),
      proposal: indices.exactOptional(),
      mask: bytes.exactOptional(),
      sent: bytes.exactOptional(),
      weights: storedPartial,
      ciphertexts: z.strictObject({ count, bytes: count }),
    }),
  ),
});

const storedView = z.strictObject({
  format: z.literal('hefl-view/1'),
  ...publicFacts,
  initialModel: floats,
  rounds: z.array(storedRound),
  finalModel: storedPartial,
  colluders: z.array(count).exactOptional(),
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
    ...stored,
    globalModel: parsePartial(stored.globalModel, size, `${where}.globalModel`),
    mask: parseSet(stored.mask, size, `${where}.mask`),
    transmissions: stored.transmissions.map((sent, index) => {
      const here = `${where}.transmissions[${index}]`;
      if (seen.has(sent.client))
        throw new ViewFormatError(`${here}.client: client ${sent.client} sent twice`);
      seen.add(sent.client);
      if (sent.proposal) requireDistinct(sent.proposal, size, `${here}.proposal`);
      const { mask, sent: travelled, weights, ...rest } = sent;
      return {
        ...rest,
        ...(mask && { mask: parseSet(mask, size, `${here}.mask`) }),
        ...(travelled && { sent: parseSet(travelled, size, `${here}.sent`) }),
        weights: parsePartial(weights, size, `${here}.weights`),
      };
    }),
  };
}

function parsePartial(stored: StoredPartial, size: number, where: string): PartialVector {
  const known = parseSet(stored.known, size, `${where}.known`);
  requireFinite(stored.values, `${where}.values`);
  return named(where, () => new PartialVector(known, stored.values));
}

function requireFinite(values: Float32Array, where: string): void {
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at]))
      throw new ViewFormatError(`${where}[${at}]: ${values[at]} is no weight`);
}
