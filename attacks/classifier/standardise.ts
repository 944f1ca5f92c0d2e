/** Rows of equal width, one after the other. */
export interface Table {
  readonly width: number;
  /** [count × width]. */
  readonly values: Float32Array;
}

export function rowsOf({ width, values }: Table): number {
  return values.length / width;
}

/** The rows of one table, then those of the other. */
export function stack(upper: Table, lower: Table): Table {
  const values = new Float32Array(upper.values.length + lower.values.length);
  values.set(upper.values);
  values.set(lower.values, upper.values.length);
  return { width: upper.width, values };
}

/**
 * Maps each column to mean 0 and deviation 1 over the given rows; what lies more than `limit`
 * deviations away is cut, as features with long tails (gradients) would drown the others.
 */
export function standardisation(
  { width, values }: Table,
  limit = Number.POSITIVE_INFINITY,
): (value: number, column: number) => number {
  const count = values.length / width;
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  values.forEach((value, at) => {
    mean[at % width] = (mean[at % width] as number) + value / count;
  });
  values.forEach((value, at) => {
    const column = at % width;
    square[column] = (square[column] as number) + (value - (mean[column] as number)) ** 2 / count;
  });
  const deviation = square.map((variance) => Math.sqrt(variance) || 1);
  return (value, column) => {
    const standard = (value - (mean[column] as number)) / (deviation[column] as number);
    return Math.max(-limit, Math.min(limit, standard));
  };
}
