import { createHash } from 'node:crypto';
import type { AttackKind } from '../api/attack.ts';
import {
  type AdversaryId,
  type AdversaryKind,
  adversaries,
  findAdversary,
} from '../view/adversaries.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import { type ExposureSources, exposeTransmission } from '../view/exposure.ts';
import { deduceView } from '../view/opened-view.ts';
import type { ServerView } from '../view/server-view.ts';

/** A cell's record: what the server saw, and the same without absences, for the oracle. */
export interface Views extends Pick<ExposureSources, 'freshModel'> {
  readonly server: ServerView;
  readonly oracle: ServerView;
}

export interface Target {
  readonly client: number;
  readonly round: number;
}

/** Adversaries whose reading follows from both records alone, without keys or colluders. */
export const digestedAdversaries = adversaries.flatMap(({ id, sees }) =>
  sees === 'opened' ? [] : [id],
) as Exclude<AdversaryKind, 'collusion'>[];

/** Where what an adversary sees of a cell lies; adversaries that see the same share it. */
export function viewKey(cellHash: string, adversary: AdversaryId): string {
  const { sees } = findAdversary(adversary);
  return sees === 'server' || sees === 'deduced'
    ? cellHash
    : `${cellHash}-${adversary.replace(':', '-')}`;
}

/** The transmissions that attacks of a kind are asked about; keys are asked about as a whole. */
export function targetsOf(kind: AttackKind, auxiliary: AuxiliaryKnowledge): readonly Target[] {
  if (kind === 'key') return [];
  return auxiliary[kind === 'text' ? 'reconstruction' : kind];
}

/** Whose view an attack reads: keys are attacked from what the server alone saw. */
export function readsAs(kind: AttackKind, adversary: AdversaryId): AdversaryId {
  return kind === 'key' ? 'mask-aware' : adversary;
}

/**
 * sha256 over the public facts and everything an adversary reads of the targets' transmissions. Cells and adversaries
 * with equal digests give an attack the same input: without encryption all adversaries do, and the
 * oracle does in every cell on the same training. An adversary in the loop also knows how its own
 * clients would be masked, so its digests are its own.
 */
export function digestExposures(
  { server, oracle, ...more }: Views,
  adversary: AdversaryId,
  targets: readonly Target[],
): string {
  const { sees } = findAdversary(adversary);
  const view =
    sees === 'everything' ? oracle : sees === 'deduced' ? deduceView(server, oracle) : server;
  const { model, size, hyper } = server;
  const hash = createHash('sha256').update(`${JSON.stringify({ model, size, hyper })}\n`);
  if (adversary === 'in-the-loop') {
    hash.update(adversary);
    for (const { mask } of server.rounds) hash.update(mask);
  }
  for (const target of targets) {
    const exposure = exposeTransmission({ view, ...more }, adversary, target);
    const { start, model: weights, scored, ...facts } = exposure;
    hash.update(`${JSON.stringify(facts)}\n`);
    for (const { buffer, byteOffset, byteLength } of [start, weights, scored])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
