import { createHash } from 'node:crypto';
import { canonicalJson } from '../store/json.ts';
import type { Catalogue } from './catalogue.ts';
import type { Cell, PluginUse, Specification } from './specification.ts';

/**
 * Raised when the protocol, the models, the data or the metrics change so that the same specification
 * could give other numbers: older cells are then computed again rather than reused.
 */
const RESULTS_VERSION = 1;

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
  return hashOf(['trajectory', RESULTS_VERSION, { dataset, model, training, probes, seed }]);
}

/** Identifies a cell: everything its result depends on, versions of plug-ins included. */
export function cellHash(
  specification: Specification,
  cell: Pick<Cell, 'defense' | 'seed'>,
  catalogue: Pick<Catalogue, 'defenses' | 'attacks'>,
): string {
  const { dataset, model, federation, membership, probes, adversaries, network } = specification;
  return hashOf([
    'cell',
    RESULTS_VERSION,
    {
      ...{ dataset, model, federation, membership, probes, network },
      adversaries: [...adversaries].sort(),
      defense: versioned(cell.defense, catalogue.defenses),
      attacks: specification.attacks
        .map((use) => versioned(use, catalogue.attacks))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      seed: cell.seed,
    },
  ]);
}

function versioned(use: PluginUse, known: Catalogue['defenses']) {
  const plugin = known.find(({ meta }) => meta.id === use.id);
  if (!plugin) throw new RangeError(`no plug-in is called ${use.id}`);
  return { ...use, version: plugin.meta.version };
}
