import type { ParameterEntry } from '../../src/models/layout.ts';
import type { CoordinateSet } from '../../src/view/partial-vector.ts';

/** An update of a tensor of one row per token. */
export interface RowUpdate {
  /** w_{t-1} − w_t^k, [N]. */
  readonly update: Float32Array;
  /** Coordinates that may be read; 1 = scored. */
  readonly scored: CoordinateSet;
  /** The tensor, [tokens, width]. */
  readonly entry: ParameterEntry;
}

/**
 * How much of each token's row moved by itself, root mean square over its scored coordinates; NaN where
 * none is scored.
 *
 * Every training step moves the rows of all tokens along the mean hidden state, where the softmax pushes
 * down tokens that did not come. So from each row a non-negative multiple of the common move is taken,
 * by least squares; the common move is the median over rows, per coordinate: that of absent tokens where
 * most are absent. Where the tensor is a mere embedding, absent rows don't move at all, the median is 0
 * and the rest is the row.
 */
export function rowChanges({ update, scored, entry }: RowUpdate): Float64Array {
  const [tokens, width] = entry.shape as readonly [number, number];
  const common = commonMove({ update, scored, entry });
  return Float64Array.from({ length: tokens }, (_, token) => {
    const first = entry.offset + token * width;
    let [product, square, count] = [0, 0, 0];
    for (let column = 0; column < width; column++) {
      if (scored[first + column] !== 1) continue;
      const shift = common[column] as number;
      product += shift * (update[first + column] as number);
      square += shift ** 2;
      count++;
    }
    if (count === 0) return Number.NaN;
    const multiple = square > 0 ? Math.max(0, product / square) : 0;
    let rest = 0;
    for (let column = 0; column < width; column++)
      if (scored[first + column] === 1)
        rest += ((update[first + column] as number) - multiple * (common[column] as number)) ** 2;
    return Math.sqrt(rest / count);
  });
}

/** The median of each column over the rows that are scored there; 0 where none is. */
function commonMove({ update, scored, entry }: RowUpdate): Float64Array {
  const [tokens, width] = entry.shape as readonly [number, number];
  return Float64Array.from({ length: width }, (_, column) => {
    const values: number[] = [];
    for (let token = 0; token < tokens; token++) {
      const at = entry.offset + token * width + column;
      if (scored[at] === 1) values.push(update[at] as number);
    }
    values.sort((a, b) => a - b);
    const middle = values.length / 2;
    return values.length === 0
      ? 0
      : ((values[Math.ceil(middle) - 1] as number) + (values[Math.floor(middle)] as number)) / 2;
  });
}
