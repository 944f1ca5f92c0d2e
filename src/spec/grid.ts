import type { Catalogue } from './catalogue.ts';
import { gridPoints } from './grid-points.ts';
import { cellHash } from './hash.ts';
import { rowKey } from './row-key.ts';
import type { Cell, Specification } from './specification.ts';

/**
 * The cells of an experiment: every defense × every combination of its listed parameter values ×
 * every seed, row by row in the order of the specification.
 */
export function expandGrid(
  specification: Specification,
  catalogue: Pick<Catalogue, 'defenses'>,
): Cell[] {
  return specification.defenses.flatMap((use) => {
    const meta = catalogue.defenses.find((defense) => defense.meta.id === use.id)?.meta;
    if (!meta) throw new RangeError(`no defense is called ${use.id}`);
    return gridPoints(meta, use.params).flatMap((point) => {
      const params = meta.params.parse(point.params) as Readonly<Record<string, unknown>>;
      const defense = { id: use.id, params };
      const row = rowKey(meta, params);
      return specification.seeds.map((seed) => ({
        hash: cellHash(specification, { defense, seed }, meta.version),
        row,
        defense,
        seed,
      }));
    });
  });
}
