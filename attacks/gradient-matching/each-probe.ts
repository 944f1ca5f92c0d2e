import {
  type AttackContext,
  NotApplicable,
  type Reconstruction,
  type ReconstructionOutput,
} from '../../src/api/attack.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { sideBySide } from '../../src/engine/side-by-side.ts';
import type { Model } from '../../src/models/model.ts';
import type { AuxiliaryKnowledge } from '../../src/view/auxiliary.ts';
import { type ObservedUpdate, observeUpdate } from './observed-update.ts';
import { priorReconstruction } from './prior.ts';

/** One probe client's update, put to an attack. */
export interface ObservedProbe {
  readonly update: ObservedUpdate;
  /** Depends on the attack and the probe only. */
  readonly random: RandomStream;
  /** Reports how far the attack on this probe is, 0 … 1. */
  progress(fraction: number): void;
}

/** What an attack finds in one update. */
export type Finding = Pick<Reconstruction, 'images' | 'labels' | 'cost' | 'iterations'>;

/**
 * Answers every probe client's question: with what `reconstruct` finds in its update, or with the
 * prior where nothing was exposed or found.
 *
 * Random numbers depend on the attack and the probe only, so that defenses and adversaries are
 * compared from the same initial guesses.
 *
 * @throws {NotApplicable} when the run has no probe clients, or the adversary nothing to read.
 */
export async function reconstructEachProbe<P>(
  attack: string,
  aux: AuxiliaryKnowledge,
  context: AttackContext<P>,
  reconstruct: (probe: ObservedProbe) => Promise<Finding | undefined>,
): Promise<ReconstructionOutput> {
  const probes = aux.reconstruction;
  requireProbes(aux, context.model);
  const done = probes.map(() => 0);
  // Workers that are free later find a run that waits.
  const atATime = () => context.engine.maxWidth;
  const targets = await sideBySide(probes, atATime, async (probe, at): Promise<Reconstruction> => {
    context.signal.throwIfAborted();
    const { client, round } = probe;
    const update = observeUpdate(context.expose({ client, round }));
    const random = context.random.derive(attack, client, round);
    const progress = (fraction: number) => {
      done[at] = fraction;
      context.progress(done.reduce((sum, one) => sum + one, 0) / probes.length);
    };
    const finding = update && (await reconstruct({ update, random, progress }));
    progress(1);
    return finding
      ? { client, round, from: 'update', ...finding }
      : priorReconstruction(probe, aux.shadow);
  });
  return { kind: 'reconstruction', targets };
}

/** @throws {NotApplicable} when there is no probe client, or its inputs are tokens. */
export function requireProbes({ reconstruction }: AuxiliaryKnowledge, { language }: Model): void {
  if (reconstruction.length === 0)
    throw new NotApplicable('The run has no probe clients, so there is nothing to reconstruct.');
  if (language)
    throw new NotApplicable(
      'The inputs are token numbers, which can’t be approached in small steps as pixels can.',
    );
}
