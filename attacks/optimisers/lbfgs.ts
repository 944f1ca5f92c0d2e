/** Cost and gradient at a point. */
export interface Evaluation {
  readonly cost: number;
  readonly gradient: ArrayLike<number>;
}

export interface LbfgsOptions {
  /** Length of a full step along the quasi-Newton direction. */
  readonly learningRate: number;
  /** Number of correction pairs kept. */
  readonly history: number;
  /** Evaluations of cost and gradient, line search included. */
  readonly evaluations: number;
  /** Stops when no component of the gradient is larger. */
  readonly gradientTolerance: number;
  /** Stops when neither the point nor, relatively, the cost changes by more. */
  readonly changeTolerance: number;
}

export interface LbfgsResult {
  /** The best point seen. */
  readonly point: Float64Array;
  /** Its cost; `Infinity` if the cost was never finite. */
  readonly cost: number;
  readonly evaluations: number;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

/** Sufficient decrease and number of halvings of the line search. */
const ARMIJO = 1e-4;
const HALVINGS = 20;

/**
 * Limited-memory BFGS (Nocedal & Wright, algorithm 7.5) in float64, with a backtracking line search:
 * the step is halved until the cost falls by 1e-4 of what the slope promises. A pair without
 * positive curvature is not kept; when a quasi-Newton direction fails, the history is dropped and
 * steepest descent tried once before giving up.
 */
export async function lbfgs(
  start: Float64Array,
  evaluate: (point: Float64Array) => Promise<Evaluation>,
  options: LbfgsOptions,
): Promise<LbfgsResult> {
  let point = start;
  let { cost, gradient } = await evaluate(point);
  let evaluations = 1;
  let pairs: Pair[] = [];
  if (!Number.isFinite(cost)) return { point, cost: Number.POSITIVE_INFINITY, evaluations };

  while (evaluations < options.evaluations && largest(gradient) > options.gradientTolerance) {
    const direction = quasiNewtonDirection(gradient, pairs);
    const slope = dot(direction, gradient);
    // Without curvature yet, the first step is at most of unit length in the 1-norm.
    let length = pairs.length > 0 ? 1 : Math.min(1, 1 / sumOfMagnitudes(gradient));
    length *= options.learningRate;
    let next: { point: Float64Array; cost: number; gradient: ArrayLike<number> } | undefined;
    for (let halving = 0; halving <= HALVINGS && evaluations < options.evaluations; halving++) {
      const tried = point.map((value, at) => value + length * (direction[at] as number));
      const found = await evaluate(tried);
      evaluations++;
      if (found.cost <= cost + ARMIJO * length * slope) {
        next = { point: tried, ...found };
        break;
      }
      length /= 2;
    }
    if (!next) {
      if (pairs.length === 0) break;
      pairs = [];
      continue;
    }
    const { point: before, gradient: gradientBefore } = { point, gradient };
    const step = next.point.map((value, at) => value - (before[at] as number));
    const change = Float64Array.from(
      { length: step.length },
      (_, at) => (next.gradient[at] as number) - (gradientBefore[at] as number),
    );
    const curvature = dot(step, change);
    if (curvature > 1e-10 * dot(change, change))
      pairs = [...pairs, { step, change, curvature }].slice(-options.history);
    const settled =
      largest(step) <= options.changeTolerance &&
      cost - next.cost <= options.changeTolerance * Math.abs(cost);
    ({ point, cost, gradient } = next);
    if (settled) break;
  }
  return { point, cost, evaluations };
}

/** −H·gradient by the two-loop recursion (Nocedal & Wright, algorithm 7.4). */
function quasiNewtonDirection(gradient: ArrayLike<number>, pairs: readonly Pair[]): Float64Array {
  const direction = Float64Array.from(gradient, (value) => -value);
  const weights: number[] = [];
  for (const { step, change, curvature } of pairs.toReversed()) {
    const weight = dot(step, direction) / curvature;
    weights.push(weight);
    addScaled(direction, change, -weight);
  }
  const newest = pairs.at(-1);
  if (newest) {
    const scale = newest.curvature / dot(newest.change, newest.change);
    for (let at = 0; at < direction.length; at++) direction[at] = (direction[at] as number) * scale;
  }
  for (const { step, change, curvature } of pairs)
    addScaled(direction, step, (weights.pop() as number) - dot(change, direction) / curvature);
  return direction;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function addScaled(target: Float64Array, added: Float64Array, scale: number): void {
  for (let at = 0; at < target.length; at++)
    target[at] = (target[at] as number) + scale * (added[at] as number);
}

function largest(vector: ArrayLike<number>): number {
  let found = 0;
  for (let at = 0; at < vector.length; at++)
    found = Math.max(found, Math.abs(vector[at] as number));
  return found;
}

function sumOfMagnitudes(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += Math.abs(vector[at] as number);
  return sum;
}
