import { createHash } from 'node:crypto';
import { z } from 'zod';
import { packBitmap } from '../view/coordinate-set.ts';
import type { ServerView } from '../view/server-view.ts';
import {
  bytes,
  count,
  indices,
  parseSet,
  parseShape,
  publicFacts,
  requireDistinct,
  roundFacts,
  ViewFormatError,
} from '../view/stored-fields.ts';
import type { Trajectory } from './trajectory.ts';
import { type Sent, Transcript } from './transcript.ts';

/**
 * What a protocol added to a training: masks, proposals and sizes of ciphertexts, but no weight. With
 * the training's trajectory it gives both views again (`replay`), so that many protocols on one
 * training store its weights once.
 */
const protocolTrace = z.strictObject({
  format: z.literal('hefl-protocol/1'),
  ...publicFacts,
  /** sha256 of the weights of the training it ran on. */
  training: z.string(),
  rounds: z.array(
    z.strictObject({
      mask: bytes,
      ...roundFacts,
      transmissions: z.array(
        z.strictObject({
          client: count,
          weight: z.number().positive().exactOptional(),
          proposal: indices.exactOptional(),
          mask: bytes.exactOptional(),
          sent: bytes.exactOptional(),
          ciphertexts: z.strictObject({ count, bytes: count }),
        }),
      ),
    }),
  ),
});

export type ProtocolTrace = z.infer<typeof protocolTrace>;

/** Everything of a view that does not follow from the training; a tree fit for a store. */
export function traceOf(view: ServerView, training: Trajectory): ProtocolTrace {
  const { initialModel: _w0, finalModel: _wT, ...facts } = view;
  return {
    format: 'hefl-protocol/1',
    ...facts,
    training: digestWeights(training),
    rounds: view.rounds.map(
      ({ round: _, globalModel: _known, mask, transmissions, ...events }) => ({
        ...events,
        mask: packBitmap(mask),
        transmissions: transmissions.map(
          ({ client, weight, proposal, mask: own, sent, ciphertexts }) => ({
            client,
            ...(weight !== undefined && { weight }),
            ...(proposal && { proposal }),
            ...(own && { mask: packBitmap(own) }),
            ...(sent && { sent: packBitmap(sent) }),
            ciphertexts,
          }),
        ),
      }),
    ),
  };
}

/**
 * The transcript of the protocol that left this trace, on the training it ran on. Masks and what
 * travelled at all decide what the server gets of a transmission, so both views come back bit by bit.
 *
 * @throws {ViewFormatError} naming the first field of the trace that is missing, of another type,
 *   inconsistent, or not of this training.
 */
export function replay(stored: unknown, training: Trajectory): Transcript {
  const { format: _, training: digest, rounds, ...facts } = parseShape(protocolTrace, stored);
  const { size } = facts;
  requireEqual('model', facts.model, training.model);
  requireEqual('size', size, training.size);
  requireEqual('rounds.length', rounds.length, training.rounds.length);
  requireEqual('training', digest, digestWeights(training));
  const initialModel = training.rounds[0]?.globalModel;
  if (!initialModel) throw new ViewFormatError('rounds: a training of no round has no view');
  const transcript = new Transcript({ ...facts, initialModel });
  for (const [at, { clients }] of training.rounds.entries()) {
    const where = `rounds[${at}]`;
    const round = rounds[at] as (typeof rounds)[number];
    const { mask: bitmap, transmissions, ...events } = round;
    const mask = parseSet(bitmap, size, `${where}.mask`);
    const fallen = events.dropouts?.filter(({ stage }) => stage === 'before-upload') ?? [];
    requireEqual(
      `${where}.transmissions.length`,
      transmissions.length,
      clients.length - fallen.length,
    );
    const sent = transmissions.map(({ client, mask: own, sent: travelled, ...seen }, k): Sent => {
      const here = `${where}.transmissions[${k}]`;
      const update = clients.find((one) => one.client === client);
      if (!update)
        throw new ViewFormatError(`${here}.client: ${client}, which took no part in the training`);
      if (seen.proposal) requireDistinct(seen.proposal, size, `${here}.proposal`);
      return {
        update,
        ...seen,
        ...(own && { mask: parseSet(own, size, `${here}.mask`) }),
        ...(travelled && { sent: parseSet(travelled, size, `${here}.sent`) }),
      };
    });
    const next = training.rounds[at + 1]?.globalModel ?? training.finalModel;
    transcript.addRound({ mask, ...events }, sent, next);
  }
  return transcript;
}

function digestWeights({ rounds, finalModel }: Trajectory): string {
  const hash = createHash('sha256');
  const models = rounds.flatMap(({ globalModel, clients }) => [
    globalModel,
    ...clients.map(({ localModel }) => localModel),
  ]);
  for (const { buffer, byteOffset, byteLength } of [...models, finalModel])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

function requireEqual<T extends string | number>(where: string, traced: T, trained: T): void {
  if (traced !== trained)
    throw new ViewFormatError(`${where}: ${traced}, where the training has ${trained}`);
}
