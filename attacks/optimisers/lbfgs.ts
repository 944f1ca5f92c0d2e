import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray, ProgramDefinition, TensorSpec } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';

export interface LbfgsOptions {
  /** Length of a full step along the quasi-Newton direction. */
  readonly learningRate: number;
  /** Number of correction pairs kept. */
  readonly history: number;
  /** Stops when no component of the gradient is larger. */
  readonly gradientTolerance: number;
  /** Stops when neither the point nor, relatively, the cost changes by more. */
  readonly changeTolerance: number;
}

/** What is minimised. */
export interface LbfgsProblem {
  readonly name: string;
  /** Of the point. */
  readonly length: number;
  readonly constants: readonly TensorSpec[];
  /** Cost [] and gradient [length] at a point. */
  evaluate(
    constants: readonly Tensor[],
    point: Tensor,
  ): { readonly value: Tensor; readonly grad: Tensor };
}

export interface LbfgsResult {
  /** The best point seen. */
  readonly point: Float32Array;
  /** Its cost; `Infinity` if the cost was never finite. */
  readonly cost: number;
  readonly evaluations: number;
  /** Whether it has ended: further steps change nothing. */
  readonly settled: boolean;
}

/** Sufficient decrease and number of halvings of the line search. */
const ARMIJO = 1e-4;
const HALVINGS = 20;

/** The cost before the first evaluation; any is lower. */
const UNKNOWN = Math.fround(3e38);

/** The state's members in its order, for points of `length` numbers. */
const members = (length: number, history: number) =>
  ({
    point: [length],
    cost: [],
    gradient: [length],
    /** Quasi-Newton direction, its slope, and how far along it the next evaluation is. */
    direction: [length],
    slope: [],
    reach: [],
    halvings: [],
    /**
     * Correction pairs s and y, each divided by √(s·y), in a ring; where the next goes, and how many
     * there were since the history was last dropped.
     */
    steps: [history, length],
    changes: [history, length],
    slot: [],
    pairs: [],
    /** R⁻¹ for R_ij = s_i·y_j, i not younger than j; rows and columns of no pair are 0. */
    inverse: [history, history],
    /** γ: the inverse Hessian before all pairs is γ·I. */
    scale: [],
    evaluations: [],
    settled: [],
  }) satisfies Record<string, readonly number[]>;

type Member = keyof ReturnType<typeof members>;
type State<T> = Readonly<Record<Member, T>>;

/**
 * Limited-memory BFGS with a backtracking line search as a program: a step is one evaluation, so that
 * an engine makes many per call. The step along the direction is halved until the cost falls by 1e-4
 * of what the slope promises. A pair without positive curvature is not kept; when a quasi-Newton
 * direction fails, the history is dropped and steepest descent tried once before giving up.
 *
 * The direction comes from the compact form of the inverse Hessian (Byrd, Nocedal & Schnabel 1994,
 * eq. 3.13), equal to the two-loop recursion: a few products with the matrices of pairs instead of two
 * hundred operations in a row. R⁻¹ is kept instead of R: without the oldest pair it loses a row and
 * a column, and a new pair adds a column, −R⁻¹·(s_i·y) above 1.
 */
export function lbfgsProgram(problem: LbfgsProblem, options: LbfgsOptions): ProgramDefinition {
  const { name, length, constants } = problem;
  const shapes = members(length, options.history);
  const names = Object.keys(shapes) as Member[];
  return {
    name,
    state: names.map((member) => ({ shape: shapes[member], dtype: 'float32' })),
    constants,
    perStep: [],
    step({ state, constants: given }) {
      const before = Object.fromEntries(
        names.map((member, at) => [member, state[at]]),
      ) as unknown as State<Tensor>;
      const trial = tf.add(before.point, tf.mul(before.direction, before.reach));
      const after = lbfgsStep(before, { trial, ...problem.evaluate(given, trial) }, options);
      return { state: names.map((member) => after[member]), outputs: [] };
    },
  };
}

interface Evaluated {
  readonly trial: Tensor;
  readonly value: Tensor;
  readonly grad: Tensor;
}

function lbfgsStep(
  before: State<Tensor>,
  { trial, value, grad }: Evaluated,
  { learningRate, history, gradientTolerance, changeTolerance }: LbfgsOptions,
): State<Tensor> {
  const running = tf.equal(before.settled, 0);
  const promised = tf.mul(tf.mul(before.reach, before.slope), ARMIJO);
  const accepted = tf.logicalAnd(running, tf.lessEqual(value, tf.add(before.cost, promised)));
  const point = tf.where(accepted, trial, before.point);
  const cost = tf.where(accepted, value, before.cost);
  const gradient = tf.where(accepted, grad, before.gradient);

  const step = tf.mul(before.direction, before.reach);
  const kept = withPair(before, accepted, step, tf.sub(grad, before.gradient), history);

  // Rounding can turn a direction upwards: then, too, the history is of no use.
  const quasiNewton = quasiNewtonDirection(gradient, kept);
  const descends = tf.less(dot(quasiNewton, gradient), 0);
  const failed = tf.logicalAnd(
    tf.logicalAnd(running, tf.logicalNot(accepted)),
    tf.greaterEqual(before.halvings, HALVINGS),
  );
  const dropped = tf.logicalOr(failed, tf.logicalAnd(accepted, tf.logicalNot(descends)));
  const pairs = tf.where(dropped, 0, kept.pairs);
  const turned = tf.logicalOr(accepted, failed);
  const direction = tf.where(
    turned,
    tf.where(dropped, tf.neg(gradient), quasiNewton),
    before.direction,
  );
  // Without curvature yet, the first step is at most of unit length in the 1-norm.
  const cautious = tf.minimum(1, tf.div(1, tf.sum(tf.abs(gradient))));
  const full = tf.mul(tf.where(tf.greater(pairs, 0), 1, cautious), learningRate);

  const still = tf.logicalAnd(
    tf.lessEqual(tf.max(tf.abs(step)), changeTolerance),
    tf.lessEqual(tf.sub(before.cost, value), tf.mul(tf.abs(before.cost), changeTolerance)),
  );
  const flat = tf.lessEqual(tf.max(tf.abs(gradient)), gradientTolerance);
  const stuck = tf.logicalAnd(failed, tf.equal(before.pairs, 0));
  const ends = tf.logicalOr(stuck, tf.logicalAnd(accepted, tf.logicalOr(still, flat)));
  return {
    ...{ point, cost, gradient, direction, pairs },
    slope: tf.where(turned, dot(direction, gradient), before.slope),
    reach: tf.where(turned, full, tf.mul(before.reach, 0.5)),
    halvings: tf.where(turned, 0, tf.add(before.halvings, 1)),
    steps: kept.steps,
    changes: kept.changes,
    slot: kept.slot,
    inverse: tf.where(dropped, 0, kept.inverse),
    scale: tf.where(dropped, 1, kept.scale),
    evaluations: tf.add(before.evaluations, number(running)),
    settled: tf.maximum(before.settled, number(ends)),
  };
}

type Pairs = Pick<State<Tensor>, 'steps' | 'changes' | 'slot' | 'pairs' | 'inverse' | 'scale'>;

/** The pairs with a new one in the place of the oldest, where it was accepted and curves upwards. */
function withPair(
  before: Pairs,
  accepted: Tensor,
  step: Tensor,
  change: Tensor,
  history: number,
): Pairs {
  const curvature = dot(step, change);
  const energy = dot(change, change);
  const curves = tf.greater(curvature, tf.mul(energy, 1e-10));
  const isKept = tf.logicalAnd(accepted, curves);
  const root = tf.sqrt(tf.where(isKept, curvature, 1));
  const here = tf.logicalAnd(isKept, tf.equal(tf.range(0, history), before.slot));
  const place = tf.reshape(here, [history, 1]);
  const steps = tf.where(place, tf.reshape(tf.div(step, root), [1, -1]), before.steps);
  const newest = tf.div(change, root);
  const changes = tf.where(place, tf.reshape(newest, [1, -1]), before.changes);

  const at = number(place);
  const others = tf.sub(1, at);
  const remaining = tf.mul(tf.mul(before.inverse, others), tf.reshape(others, [1, history]));
  const overlaps = tf.mul(tf.matMul(steps, column(newest)), others);
  const added = tf.sub(at, tf.matMul(remaining, overlaps));
  const next = tf.add(before.slot, number(isKept));
  return {
    ...{ steps, changes },
    slot: tf.where(tf.less(next, history), next, 0),
    pairs: tf.add(before.pairs, number(isKept)),
    inverse: tf.add(remaining, tf.mul(added, tf.reshape(at, [1, history]))),
    scale: tf.where(isKept, tf.div(curvature, energy), before.scale),
  };
}

/** −H·gradient; with s·y = 1 for every pair, the diagonal matrix of eq. 3.13 is the identity. */
function quasiNewtonDirection(gradient: Tensor, { steps, changes, inverse, scale }: Pairs): Tensor {
  const u = tf.matMul(inverse, tf.matMul(steps, column(gradient)));
  const inChanges = tf.matMul(tf.reshape(u, [1, -1]), changes);
  // γ·Yᵀ(Y·u − g), Y holding the changes in its columns.
  const residual = tf.matMul(changes, column(tf.sub(tf.reshape(inChanges, [-1]), gradient)));
  const inner = tf.add(u, tf.mul(residual, scale));
  const inSteps = tf.matMul(tf.matMul(tf.reshape(inner, [1, -1]), inverse), steps);
  const scaled = tf.mul(tf.sub(gradient, tf.reshape(inChanges, [-1])), scale);
  return tf.neg(tf.add(scaled, tf.reshape(inSteps, [-1])));
}

const column = (vector: Tensor): Tensor => tf.reshape(vector, [-1, 1]);
const dot = (a: Tensor, b: Tensor): Tensor => tf.sum(tf.mul(a, b));
const number = (truth: Tensor): Tensor => tf.cast(truth, 'float32');

/** The state before the first evaluation. */
export function lbfgsStart(point: Float32Array, { history }: LbfgsOptions): NdArray[] {
  const shapes = members(point.length, history);
  const first: Partial<State<Float32Array>> = {
    point,
    cost: Float32Array.of(UNKNOWN),
    scale: Float32Array.of(1),
  };
  return Object.entries(shapes).map(([member, shape]) => ({
    shape,
    data:
      first[member as Member] ??
      new Float32Array(shape.reduce((size: number, length) => size * length, 1)),
  }));
}

/** What a state holds of the search so far. */
export function readLbfgs(state: readonly NdArray[]): LbfgsResult {
  const names = Object.keys(members(0, 0)) as Member[];
  const data = (member: Member) => (state[names.indexOf(member)] as NdArray).data as Float32Array;
  const scalar = (member: Member) => data(member)[0] as number;
  const cost = scalar('cost');
  return {
    point: data('point'),
    cost: cost < UNKNOWN ? cost : Number.POSITIVE_INFINITY,
    evaluations: scalar('evaluations'),
    settled: scalar('settled') > 0,
  };
}
