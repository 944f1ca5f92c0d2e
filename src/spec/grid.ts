import type { Meta } from '../api/meta.ts';
import type { Catalogue } from './catalogue.ts';
import { gridPoints } from './grid-points.ts';
import { cellHash } from './hash.ts';
import { rowKey, tellingParams } from './row-key.ts';
import type { Cell, Specification } from './specification.ts';

/** One combination of parameter values of one defense. */
interface Row {
  readonly meta: Meta<unknown>;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * The cells of an experiment: every defense × every combination of its listed parameter values ×
 * every seed, row by row in the order of the specification.
 */
export function expandGrid(
  specification: Specification,
  catalogue: Pick<Catalogue, 'defenses'>,
): Cell[] {
  const rows = specification.defenses.flatMap((use): Row[] => {
    const meta = catalogue.defenses.find((defense) => defense.meta.id === use.id)?.meta;
    if (!meta) throw new RangeError(`no defense is called ${use.id}`);
    return gridPoints(meta, use.params).map((point) => ({
      meta,
      params: meta.params.parse(point.params) as Row['params'],
    }));
  });
  return rows.flatMap(({ meta, params }) => {
    const ofDefense = rows.filter((row) => row.meta.id === meta.id).map((row) => row.params);
    const row = rowKey(meta, params, tellingParams(meta, ofDefense));
    const defense = { id: meta.id, params };
    return specification.seeds.map((seed) => ({
      hash: cellHash(specification, { defense, seed }, meta.version),
      row,
      defense,
      seed,
    }));
  });
}
