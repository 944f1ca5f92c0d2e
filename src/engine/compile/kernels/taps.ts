import type { Edge, Graph } from '../graph.ts';
import { equal, range, type Value } from '../value.ts';
import { type Geometry, padded, type Shape4D } from './convolution-geometry.ts';

/** Layouts of images, as orders of tfjs's axes. */
export const CNHW = [3, 0, 1, 2];
export const NHWC = [0, 1, 2, 3];

/** What each tap of the filter reads of the images, at every place of the output; in a layout. */
export function readByTaps(
  graph: Graph,
  x: Value,
  order: readonly number[],
  geometry: Geometry,
): readonly Edge[] {
  const { edge: images, pads } = padded(graph, x, order, geometry.padInfo);
  // Height and width lie side by side in both layouts.
  const high = order.indexOf(1);
  const around = zerosAround(graph, images, high, pads);
  return range(geometry.filterHeight).flatMap((row) =>
    range(geometry.filterWidth).map((column) =>
      readByTap(graph, around, high, geometry, row, column),
    ),
  );
}

/** Images with zeros around each. */
function zerosAround(graph: Graph, images: Edge, high: number, pads: readonly number[]): Edge {
  const [top, left, bottom, right] = pads as Shape4D;
  if (pads.every((pad) => pad === 0)) return images;
  const before = range(4).map((axis) => (axis === high ? top : axis === high + 1 ? left : 0));
  const after = range(4).map((axis) => (axis === high ? bottom : axis === high + 1 ? right : 0));
  const shape = images.shape.map(
    (length, axis) => length + (before[axis] as number) + (after[axis] as number),
  );
  const inputs = [images, graph.int64([...before, ...after])];
  return graph.add('Pad', inputs, { type: 'float32', shape }, { mode: 'constant' });
}

function readByTap(
  graph: Graph,
  images: Edge,
  high: number,
  geometry: Geometry,
  row: number,
  column: number,
): Edge {
  const { outHeight, outWidth, strideHeight, strideWidth } = geometry;
  const shape = images.shape.with(high, outHeight).with(high + 1, outWidth);
  if (equal(images.shape, shape) && strideHeight * strideWidth === 1) return images;
  const [top, left] = [row * geometry.dilationHeight, column * geometry.dilationWidth];
  const ends = [top + (outHeight - 1) * strideHeight + 1, left + (outWidth - 1) * strideWidth + 1];
  return graph.add(
    'Slice',
    [
      images,
      graph.int64([top, left]),
      graph.int64(ends),
      graph.int64([high, high + 1]),
      graph.int64([strideHeight, strideWidth]),
    ],
    { type: 'float32', shape },
  );
}

/** Tensors of one shape one behind the other along an axis. */
export function joined(graph: Graph, tensors: readonly Edge[], axis: number): Edge {
  const [first, ...others] = tensors as readonly [Edge, ...Edge[]];
  if (others.length === 0) return first;
  const shape = first.shape.with(axis, (first.shape[axis] as number) * tensors.length);
  return graph.add('Concat', tensors, { type: 'float32', shape }, { axis });
}
