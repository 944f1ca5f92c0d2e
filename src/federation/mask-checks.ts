import type { Defense, ProposingClient } from '../api/defense.ts';
import type { CoordinateSet } from '../view/coordinate-set.ts';

/** A defense whose masks, proposals or scores are not what its contract says. */
export class MaskError extends Error {
  override readonly name = 'MaskError';
}

/** @throws {MaskError} a policy that leaves open how its mask is decided, or decides it twice. */
export function requireComplete<P, M>({ meta, mask }: Defense<P, M>, params: P): void {
  const { propose, agree, score, select } = mask;
  const refuse = (what: string) => {
    throw new MaskError(`The defense ${meta.id} ${what}`);
  };
  if (mask.individual?.(params)) {
    if (!propose)
      refuse('has individual masks but no mask.propose: each client encrypts what it proposes.');
    if (mask.when(params) !== 'every-round')
      refuse('has individual masks, which are proposed in every round; let mask.when say so.');
  } else if (score || select) {
    if (!score || !select) refuse('has one of mask.score and mask.select; it needs both.');
    if (propose || agree) refuse('has mask.score and mask.propose or mask.agree; use one way.');
  } else if (!agree) refuse('has no mask.agree, which decides on the mask.');
}

export function checkProposal(
  defense: string,
  proposal: Uint32Array,
  size: number,
  { client, round }: ProposingClient,
): void {
  const where = `The defense ${defense} made client ${client} propose in round ${round}`;
  const seen = new Uint8Array(size);
  for (const coordinate of proposal) {
    if (coordinate >= size)
      throw new MaskError(
        `${where} coordinate ${coordinate} of a model of ${size}. Proposals name coordinates from 0 to ${size - 1}.`,
      );
    if (seen[coordinate] === 1)
      throw new MaskError(
        `${where} coordinate ${coordinate} twice. Proposals name each coordinate once, most wanted first.`,
      );
    seen[coordinate] = 1;
  }
}

export function checkScores(
  defense: string,
  scores: Float32Array,
  size: number,
  { client, round }: ProposingClient,
): void {
  const where = `The defense ${defense} let client ${client} score in round ${round}`;
  if (scores.length !== size)
    throw new MaskError(`${where} ${scores.length} coordinates of a model of ${size}.`);
  const odd = scores.findIndex((score) => !Number.isFinite(score));
  if (odd >= 0) throw new MaskError(`${where} coordinate ${odd} with ${scores[odd]}, no number.`);
}

export function checkMask(defense: string, mask: CoordinateSet, size: number, round: number): void {
  const where = `The defense ${defense} agreed in round ${round} on a mask`;
  if (mask.length !== size)
    throw new MaskError(
      `${where} of ${mask.length} coordinates for a model of ${size}. Masks have one byte per coordinate.`,
    );
  const odd = mask.findIndex((bit) => bit > 1);
  if (odd >= 0)
    throw new MaskError(
      `${where} that holds ${mask[odd]} at coordinate ${odd}. Masks hold 1 where a coordinate is encrypted and 0 elsewhere.`,
    );
}
