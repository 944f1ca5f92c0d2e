import { setImmediate } from 'node:timers/promises';
import type { RandomStream } from '../../src/engine/random.ts';
import type { CoordinateSet } from '../../src/view/coordinate-set.ts';

/** A matrix, row-major, of which some entries are known. */
export interface PartialMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Read where known only. */
  readonly values: ArrayLike<number>;
  /** 1 = known. */
  readonly known: CoordinateSet;
}

/** An orthonormal basis of the space that a matrix's columns span. */
export interface ColumnSpace {
  /** Rows of the matrix that enough is known of; the space is of these coordinates. */
  readonly rows: Uint32Array;
  /** [rows.length, rank], row-major. */
  readonly basis: Float64Array;
  readonly rank: number;
  /** Share of the known entries' energy that no matrix with these columns' space explains. */
  readonly unexplained: number;
}

/** A row or column is used where so many times `rank` of its entries are known. */
const ENTRIES_PER_RANK = 1.25;
/** The completion has settled when a sweep lowers what it leaves unexplained by a smaller share. */
const SETTLED = 0.03;
/** Share of the energy left unexplained that is rounding of float32 weights. */
const EXACT = 1e-9;
/** Keeps the least-squares problems regular. */
const RIDGE = 1e-9;

/**
 * The column space of a matrix of low rank from its known entries: alternating least squares, which fits
 * U Vᵀ to the known entries for V and for U in turn (Jain, Netrapalli & Sanghavi 2013). Where all is
 * known that is subspace iteration, and ends after two sweeps.
 *
 * @param sweeps at most
 * @param start where to begin: vectors that are thought to lie in the space, [rank, rows], or at random
 * @returns undefined where too little is known to tell the space apart from any other
 */
export async function columnSpace(
  matrix: PartialMatrix,
  rank: number,
  start: Float32Array | RandomStream,
  sweeps: number,
  signal: AbortSignal,
): Promise<ColumnSpace | undefined> {
  const core = usablePart(matrix, rank);
  if (!core) return undefined;
  const byColumn = entriesOf(matrix, core.columns, core.rows, (row, column) => [row, column]);
  const byRow = entriesOf(matrix, core.rows, core.columns, (column, row) => [row, column]);
  const left = Float64Array.from({ length: core.rows.length * rank }, (_, at) => {
    if (!(start instanceof Float32Array)) return start.normal();
    const row = core.rows[Math.floor(at / rank)] as number;
    return start[(at % rank) * matrix.rows + row] as number;
  });
  orthonormalise(left, rank);
  let unexplained = Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    await setImmediate();
    signal.throwIfAborted();
    const { solution: right } = fitLines(left, byColumn, rank);
    orthonormalise(right, rank);
    const { solution, residual } = fitLines(right, byRow, rank);
    left.set(solution);
    orthonormalise(left, rank);
    const settled = residual > (1 - SETTLED) * unexplained;
    unexplained = residual;
    if (residual < EXACT || settled) break;
  }
  return { rows: core.rows, basis: left, rank, unexplained };
}

/** Rows and columns of which enough is known among each other; undefined where too few are left. */
function usablePart({ rows, columns, known }: PartialMatrix, rank: number) {
  const keep = { row: new Uint8Array(rows).fill(1), column: new Uint8Array(columns).fill(1) };
  const least = ENTRIES_PER_RANK * rank;
  for (let dropped = true; dropped; ) {
    dropped = false;
    const counts = { row: new Uint32Array(rows), column: new Uint32Array(columns) };
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        if (keep.row[row] && keep.column[column] && known[row * columns + column]) {
          counts.row[row] = (counts.row[row] as number) + 1;
          counts.column[column] = (counts.column[column] as number) + 1;
        }
    for (const side of ['row', 'column'] as const)
      counts[side].forEach((count, at) => {
        if (keep[side][at] === 1 && count < least) {
          keep[side][at] = 0;
          dropped = true;
        }
      });
  }
  const kept = (flags: Uint8Array) =>
    Uint32Array.from(flags.keys()).filter((at) => flags[at] === 1);
  const core = { rows: kept(keep.row), columns: kept(keep.column) };
  return core.rows.length >= least && core.columns.length >= least ? core : undefined;
}

/** Per line, positions and values of its known entries, and positions of the others. */
interface Line {
  readonly known: Uint32Array;
  readonly values: Float64Array;
  readonly missing: Uint32Array;
}

function entriesOf(
  { columns, values, known }: PartialMatrix,
  lines: Uint32Array,
  across: Uint32Array,
  place: (across: number, line: number) => readonly [row: number, column: number],
): Line[] {
  return Array.from(lines, (line) => {
    const coordinates = Array.from(across, (other) => {
      const [row, column] = place(other, line);
      return row * columns + column;
    });
    const positions = Uint32Array.from(coordinates.keys());
    const own = positions.filter((at) => known[coordinates[at] as number] === 1);
    return {
      known: own,
      values: Float64Array.from(own, (at) => values[coordinates[at] as number] as number),
      missing: positions.filter((at) => known[coordinates[at] as number] !== 1),
    };
  });
}

/**
 * For every line the coefficients of the basis that fit its known entries best, [lines, rank], and the
 * share of the energy of all entries that is left.
 *
 * @param basis orthonormal, [entries, rank]: the normal equations are the identity less what the missing
 *   entries would have added
 */
function fitLines(basis: Float64Array, lines: readonly Line[], rank: number) {
  const solution = new Float64Array(lines.length * rank);
  const normal = new Float64Array(rank * rank);
  let [energy, explained] = [0, 0];
  lines.forEach(({ known, values, missing }, line) => {
    const own = solution.subarray(line * rank, (line + 1) * rank);
    known.forEach((at, index) => {
      const value = values[index] as number;
      energy += value * value;
      for (let k = 0; k < rank; k++)
        own[k] = (own[k] as number) + (basis[at * rank + k] as number) * value;
    });
    const projected = own.slice();
    if (missing.length > 0) {
      normal.fill(0);
      for (let k = 0; k < rank; k++) normal[k * rank + k] = 1 + RIDGE;
      for (const at of missing)
        for (let k = 0; k < rank; k++) {
          const factor = basis[at * rank + k] as number;
          for (let l = 0; l <= k; l++)
            normal[k * rank + l] =
              (normal[k * rank + l] as number) - factor * (basis[at * rank + l] as number);
        }
      solveCholesky(normal, own, rank);
    }
    for (let k = 0; k < rank; k++) explained += (projected[k] as number) * (own[k] as number);
  });
  return { solution, residual: energy > 0 ? Math.max(0, 1 - explained / energy) : 0 };
}

/** Solves A x = b in place; A symmetric, its lower half given, overwritten by its factor. */
function solveCholesky(a: Float64Array, b: Float64Array, n: number): void {
  for (let row = 0; row < n; row++)
    for (let column = 0; column <= row; column++) {
      let sum = a[row * n + column] as number;
      for (let k = 0; k < column; k++)
        sum -= (a[row * n + k] as number) * (a[column * n + k] as number);
      a[row * n + column] =
        row === column ? Math.sqrt(Math.max(sum, RIDGE)) : sum / (a[column * n + column] as number);
    }
  for (let row = 0; row < n; row++) {
    let sum = b[row] as number;
    for (let k = 0; k < row; k++) sum -= (a[row * n + k] as number) * (b[k] as number);
    b[row] = sum / (a[row * n + row] as number);
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row] as number;
    for (let k = row + 1; k < n; k++) sum -= (a[k * n + row] as number) * (b[k] as number);
    b[row] = sum / (a[row * n + row] as number);
  }
}

/** Gram–Schmidt, twice, on the columns of [rows, rank]; a column that adds nothing becomes 0. */
function orthonormalise(matrix: Float64Array, rank: number): void {
  const rows = matrix.length / rank;
  for (let column = 0; column < rank; column++) {
    const before = norm(matrix, column, rank);
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < column; other++) {
        let product = 0;
        for (let row = 0; row < rows; row++)
          product +=
            (matrix[row * rank + column] as number) * (matrix[row * rank + other] as number);
        for (let row = 0; row < rows; row++)
          matrix[row * rank + column] =
            (matrix[row * rank + column] as number) -
            product * (matrix[row * rank + other] as number);
      }
    const after = norm(matrix, column, rank);
    const factor = after > 1e-12 * before ? 1 / after : 0;
    for (let row = 0; row < rows; row++)
      matrix[row * rank + column] = (matrix[row * rank + column] as number) * factor;
  }
}

function norm(matrix: Float64Array, column: number, rank: number): number {
  let square = 0;
  for (let at = column; at < matrix.length; at += rank) square += (matrix[at] as number) ** 2;
  return Math.sqrt(square);
}
