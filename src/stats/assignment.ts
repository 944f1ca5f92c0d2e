/**
 * Pairs rows with columns at the smallest total cost: the assignment problem, solved exactly by
 * shortest augmenting paths in O(n³).
 *
 * Source: Kuhn 1955; in the form of Jonker and Volgenant 1987.
 * @param costs square, finite
 * @returns the column of each row
 * @throws {RangeError} when the matrix isn't square or a cost isn't finite.
 */
export function optimalAssignment(costs: readonly (readonly number[])[]): number[] {
  const n = costs.length;
  if (costs.some((row) => row.length !== n || !row.every(Number.isFinite)))
    throw new RangeError(`an assignment needs ${n} × ${n} finite costs`);
  const rowPrice = new Float64Array(n);
  const columnPrice = new Float64Array(n);
  const rowOf = new Int32Array(n).fill(-1);
  for (let row = 0; row < n; row++) augment(row);
  const columnOf = new Array<number>(n);
  rowOf.forEach((row, column) => {
    columnOf[row] = column;
  });
  return columnOf;

  /** Gives `start` a column, moving rows that have one along the cheapest alternating path. */
  function augment(start: number): void {
    const distance = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(n).fill(-1);
    const settled = new Uint8Array(n);
    let [row, from, reached] = [start, -1, 0];
    for (;;) {
      let nearest = -1;
      for (let column = 0; column < n; column++) {
        if (settled[column] === 1) continue;
        const reduced =
          reached +
          (costs[row]?.[column] as number) -
          (rowPrice[row] as number) -
          (columnPrice[column] as number);
        if (reduced < (distance[column] as number)) {
          distance[column] = reduced;
          before[column] = from;
        }
        if (nearest < 0 || (distance[column] as number) < (distance[nearest] as number))
          nearest = column;
      }
      reached = distance[nearest] as number;
      settled[nearest] = 1;
      const holder = rowOf[nearest] as number;
      if (holder < 0) {
        finish(start, nearest, { distance, before, settled, reached });
        return;
      }
      [row, from] = [holder, nearest];
    }
  }

  function finish(
    start: number,
    end: number,
    path: {
      readonly distance: Float64Array;
      readonly before: Int32Array;
      readonly settled: Uint8Array;
      readonly reached: number;
    },
  ): void {
    rowPrice[start] = (rowPrice[start] as number) + path.reached;
    for (let column = 0; column < n; column++) {
      if (path.settled[column] === 0 || column === end) continue;
      const gain = path.reached - (path.distance[column] as number);
      const holder = rowOf[column] as number;
      rowPrice[holder] = (rowPrice[holder] as number) + gain;
      columnPrice[column] = (columnPrice[column] as number) - gain;
    }
    let column = end;
    while (column >= 0) {
      const previous = path.before[column] as number;
      rowOf[column] = previous < 0 ? start : (rowOf[previous] as number);
      column = previous;
    }
  }
}
