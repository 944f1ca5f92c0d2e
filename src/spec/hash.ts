import { createHash } from 'node:crypto';
import { canonicalJson } from '../store/json.ts';
import type { Cell, Specification } from './specification.ts';

/**
 * Raised when the protocol, the models, the data or the metrics change so that the same specification
 * could give other numbers: older cells are then computed again rather than reused.
 */
const RESULTS_VERSION = 4;

/** First 16 hex digits of the sha256 of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

/**
 * Identifies a recorded training: everything that decides which clients train on what, in which
 * order, and nothing that only decides what is encrypted or attacked afterwards.
 */
export function trajectoryHash(specification: Specification, seed: number): string {
  const { dataset, model, federation, probes } = specification;
  const { trajectory: _, ...training } = federation;
  return hashOf([
    'trajectory',
    RESULTS_VERSION,
    { dataset, model, training, probes, seed, ...startOf(specification) },
  ]);
}

/** Identifies the parameters that come out of a specification's pretraining. */
export function pretrainingHash(specification: Specification, seed: number): string {
  const { dataset, model, pretraining } = specification;
  // What its limit leaves out, where both use the same data.
  const excluded = pretraining?.dataset === dataset.id ? dataset.limit : undefined;
  return hashOf([
    'pretraining',
    RESULTS_VERSION,
    { model, seed, excluded, ...startOf(specification) },
  ]);
}

/** What the initial model depends on; nothing where it is random. The file's content, not its place. */
function startOf({ checkpoint, pretraining }: Specification) {
  return { checkpoint: checkpoint?.sha256, pretraining };
}

/**
 * Identifies a cell: everything that decides what happens in its federation, what the server sees of
 * it and which questions are asked about it, the defense's version included. Attacks are not: an
 * answer is stored under a hash of its own, so that adding an attack trains nothing anew.
 */
export function cellHash(
  specification: Specification,
  cell: Pick<Cell, 'defense' | 'seed'>,
  defenseVersion: number,
): string {
  const { dataset, model, federation, membership, probes, adversaries, network } = specification;
  return hashOf([
    'cell',
    RESULTS_VERSION,
    {
      ...{ dataset, model, federation, membership, probes, network },
      ...startOf(specification),
      adversaries: [...adversaries].sort(),
      defense: { ...cell.defense, version: defenseVersion },
      seed: cell.seed,
    },
  ]);
}
