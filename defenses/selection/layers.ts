import type { ParameterLayout } from '../../src/models/layout.ts';
import type { CoordinateSet } from '../../src/view/coordinate-set.ts';

/** Which ends of a network: the layer that reads the input, the one that gives the logits. */
export type EndLayers = 'first' | 'last' | 'first-and-last';

/** All coordinates of the first layer, the last, or both, weights and biases alike. */
export function endLayers(layout: ParameterLayout, which: EndLayers): CoordinateSet {
  const last = Math.max(...layout.entries.map(({ layer }) => layer));
  const wanted = { first: [0], last: [last], 'first-and-last': [0, last] }[which];
  const set = new Uint8Array(layout.size);
  for (const { layer, offset, size } of layout.entries)
    if (wanted.includes(layer)) set.fill(1, offset, offset + size);
  return set;
}
