import { createHash } from 'node:crypto';
import { type AttackKind, NotApplicable } from '../api/attack.ts';
import type { AdversaryId, Exposure } from '../view/adversaries.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import { exposeTransmission } from '../view/exposure.ts';
import type { ServerView } from '../view/server-view.ts';

/** A cell's record: what the server saw, and the same without absences, for the oracle. */
export interface Views {
  readonly server: ServerView;
  readonly oracle: ServerView;
}

export interface Target {
  readonly client: number;
  readonly round: number;
}

/** The view an adversary reads. */
export function viewOf(adversary: AdversaryId, views: Views): ServerView {
  return adversary === 'oracle' ? views.oracle : views.server;
}

export function targetsOf(kind: AttackKind, auxiliary: AuxiliaryKnowledge): readonly Target[] {
  return auxiliary[kind];
}

/**
 * sha256 over the public facts and everything an adversary reads of the targets' transmissions. Cells and adversaries
 * with equal digests give an attack the same input: without encryption all adversaries do, and the
 * oracle does in every cell on the same training.
 */
export function digestExposures(
  views: Views,
  adversary: AdversaryId,
  targets: readonly Target[],
): string {
  const { model, size, hyper } = views.server;
  const hash = createHash('sha256').update(`${JSON.stringify({ model, size, hyper })}\n`);
  for (const target of targets) {
    let exposure: Exposure;
    try {
      exposure = exposeTransmission(viewOf(adversary, views), adversary, target);
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
      hash.update(`not applicable: ${error.message}\n`);
      continue;
    }
    const { start, model: weights, scored, ...facts } = exposure;
    hash.update(`${JSON.stringify(facts)}\n`);
    for (const { buffer, byteOffset, byteLength } of [start, weights, scored])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
