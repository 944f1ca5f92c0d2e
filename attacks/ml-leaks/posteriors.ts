import type { Table } from '../classifier/standardise.ts';
import { logProbabilities } from '../query/logits.ts';

/** The `count` largest class probabilities of one sample, descending; 0 where there are fewer classes. */
export function sortedPosteriors(logits: ArrayLike<number>, count: number): Float64Array {
  const descending = logProbabilities(logits).map(Math.exp).sort().reverse();
  return Float64Array.from({ length: count }, (_, rank) => descending[rank] ?? 0);
}

/** The same for every row of logits [rows, classes]. */
export function posteriorTable(logits: Float32Array, classes: number, count: number): Table {
  const rows = Array.from({ length: logits.length / classes }, (_, row) =>
    sortedPosteriors(logits.subarray(row * classes, (row + 1) * classes), count),
  );
  return { width: count, values: Float32Array.from(rows.flatMap((row) => [...row])) };
}
