import type { ParameterLayout } from '../../src/models/layout.ts';
import type { ObservedSet } from './observed-sets.ts';

/**
 * A guess at the shares of classes in a client's data, from how many observed coordinates of the last
 * layer belong to each class: the gradient of a class's column is large where the class is present.
 * Mean over the sets.
 *
 * @returns undefined when the last layer is not fully connected, or no set has a coordinate in it
 */
export function labelShares(
  layout: ParameterLayout,
  observed: readonly ObservedSet[],
): Float64Array | undefined {
  const last = Math.max(...layout.entries.map(({ layer }) => layer));
  const entries = layout.entries.filter(({ layer }) => layer === last);
  const classes = entries.find(({ kind, shape }) => kind === 'weight' && shape.length === 2)
    ?.shape[1];
  if (classes === undefined) return undefined;
  const shares = new Float64Array(classes);
  let used = 0;
  for (const { set } of observed) {
    const counts = new Float64Array(classes);
    // Weights are [features, classes] and biases [classes], so a column is what the remainder says.
    for (const { offset, size, kind } of entries)
      if (kind !== 'buffer')
        for (let at = 0; at < size; at++)
          if (set[offset + at] === 1) counts[at % classes] = (counts[at % classes] as number) + 1;
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) continue;
    used++;
    counts.forEach((count, label) => {
      shares[label] = (shares[label] as number) + count / total;
    });
  }
  return used === 0 ? undefined : shares.map((sum) => sum / used);
}
