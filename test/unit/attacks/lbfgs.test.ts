import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  type LbfgsOptions,
  type LbfgsResult,
  lbfgsProgram,
  lbfgsStart,
  readLbfgs,
} from '../../../attacks/optimisers/lbfgs.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import { tf } from '../../../src/engine/tensors.ts';

const engine = await openEngine();

const options: LbfgsOptions = {
  learningRate: 1,
  history: 100,
  gradientTolerance: 1e-10,
  changeTolerance: 1e-14,
};

/** The search after 1, 2, … calls of so many evaluations each. */
async function search(
  cost: (point: Tensor) => Tensor,
  start: readonly number[],
  { calls, evaluations }: { calls: number; evaluations: number },
  chosen: Partial<LbfgsOptions> = {},
): Promise<LbfgsResult[]> {
  const used = { ...options, ...chosen };
  const evaluate = (_: readonly Tensor[], point: Tensor) => tf.valueAndGrad(cost)(point);
  const problem = { name: 'test/lbfgs', length: start.length, constants: [], evaluate };
  const program = await engine.compile(lbfgsProgram(problem, used));
  const results: LbfgsResult[] = [];
  let state = lbfgsStart(Float32Array.from(start), used) as Awaited<
    ReturnType<typeof program.run>
  >['state'];
  for (let call = 0; call < calls; call++) {
    ({ state } = await program.run({ steps: evaluations, state }));
    results.push(readLbfgs(state));
  }
  program.dispose();
  return results;
}

const last = (results: readonly LbfgsResult[]) => results.at(-1) as LbfgsResult;

/** Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)². */
function rosenbrock(x: Tensor): Tensor {
  const pairs = (x.shape[0] as number) - 1;
  const [a, b] = [tf.slice(x, 0, pairs), tf.slice(x, 1, pairs)];
  const valley = tf.mul(100, tf.square(tf.sub(b, tf.square(a))));
  return tf.sum(tf.add(valley, tf.square(tf.sub(1, a))));
}

const classicStart = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? -1.2 : 1));

test('finds the minimum of the Rosenbrock function in 10 dimensions', async () => {
  const found = last(await search(rosenbrock, classicStart, { calls: 1, evaluations: 200 }));
  // Float32: around the minimum, where the cost is some 100·δ², a coordinate is known to about 1e-6.
  expect(found.cost).toBeLessThan(1e-9);
  for (const value of found.point) expect(value).toBeCloseTo(1, 4);
  expect(found.settled).toBe(true);
  expect(found.evaluations).toBeLessThan(200);
});

test('solves an ill-conditioned quadratic to its closed form', async () => {
  const scales = Array.from({ length: 30 }, (_, at) => 10 ** (at / 10));
  const goal = scales.map((_, at) => Math.sin(at));
  const cost = (x: Tensor) =>
    tf.mul(0.5, tf.sum(tf.mul(scales, tf.square(tf.sub(x, tf.tensor1d(goal))))));
  const found = last(
    await search(
      cost,
      goal.map(() => 0),
      { calls: 1, evaluations: 500 },
    ),
  );
  // In the flattest direction float32 can't tell costs apart below a distance of some 1e-4.
  found.point.forEach((value, at) => {
    expect(value).toBeCloseTo(goal[at] as number, 3);
  });
});

describe('takes the path of the two-loop recursion in float64', () => {
  // With 3 pairs the ring of them is gone round several times.
  test.each([3, 100])('with %i pairs', async (history) => {
    const start = [-1.2, 1, -0.5, 0.8, 1.5, -1];
    const evaluations = 18;
    const path = await search(
      rosenbrock,
      start,
      { calls: evaluations, evaluations: 1 },
      { history },
    );
    const expected = twoLoopPath(start, evaluations, history);
    path.forEach(({ point, cost }, at) => {
      const reference = expected[at] as { point: number[]; cost: number };
      // Rounding grows along the path: 18 evaluations carry float32's 1e-7 to less than 1e-4.
      expect(Math.abs(cost - reference.cost)).toBeLessThan(1e-4 * (1 + reference.cost));
      point.forEach((value, axis) => {
        expect(Math.abs(value - (reference.point[axis] as number))).toBeLessThan(1e-4);
      });
    });
  });
});

test('makes one evaluation per step, never gets worse, and ends where it has ended', async () => {
  const path = await search(rosenbrock, classicStart, { calls: 250, evaluations: 1 });
  const end = path.findIndex(({ settled }) => settled);
  expect(end).toBeGreaterThan(10);
  path.slice(0, end + 1).forEach(({ evaluations, cost }, at) => {
    expect(evaluations).toBe(at + 1);
    expect(cost).toBeLessThanOrEqual(path[Math.max(0, at - 1)]?.cost as number);
  });
  for (const result of path.slice(end)) expect(result).toEqual(path[end]);
});

test('a cost that is not a number is reported as infinite, and a step into one is taken back', async () => {
  const undefinedEverywhere = (x: Tensor) => tf.sum(tf.log(tf.sub(-1, tf.square(x))));
  const nowhere = last(await search(undefinedEverywhere, [1], { calls: 1, evaluations: 60 }));
  expect(nowhere).toMatchObject({ cost: Number.POSITIVE_INFINITY, settled: true });
  expect([...nowhere.point]).toEqual([1]);

  // x − log x has its minimum at 1 and is undefined below 0.
  const barrier = (x: Tensor) => tf.sum(tf.sub(x, tf.log(x)));
  const found = last(await search(barrier, [0.01], { calls: 1, evaluations: 100 }));
  expect(found.point[0]).toBeCloseTo(1, 3);
});

/** L-BFGS after Nocedal & Wright, algorithms 7.4 and 7.5, the best point after each evaluation. */
function twoLoopPath(start: readonly number[], evaluations: number, history: number) {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
  const plus = (a: readonly number[], b: readonly number[], factor: number) =>
    a.map((value, at) => value + factor * (b[at] as number));
  const valley = (x: readonly number[]) => {
    const gradient = x.map(() => 0);
    let cost = 0;
    for (let at = 0; at + 1 < x.length; at++) {
      const [a, b] = x.slice(at, at + 2) as [number, number];
      cost += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
      gradient[at] = (gradient[at] as number) - 400 * a * (b - a * a) - 2 * (1 - a);
      gradient[at + 1] = (gradient[at + 1] as number) + 200 * (b - a * a);
    }
    return { cost, gradient };
  };
  const direction = (gradient: readonly number[]) => {
    let found = gradient.map((value) => -value);
    const weights = pairs.toReversed().map(({ s, y }) => {
      const weight = dot(s, found) / dot(s, y);
      found = plus(found, y, -weight);
      return weight;
    });
    const newest = pairs.at(-1);
    if (newest)
      found = found.map((value) => (value * dot(newest.s, newest.y)) / dot(newest.y, newest.y));
    for (const { s, y } of pairs)
      found = plus(found, s, (weights.pop() as number) - dot(y, found) / dot(s, y));
    return found;
  };

  let pairs: { s: number[]; y: number[] }[] = [];
  let point = [...start];
  let { cost, gradient } = valley(point);
  const path = [{ point, cost }];
  while (path.length < evaluations) {
    const way = direction(gradient);
    let reach =
      pairs.length > 0 ? 1 : Math.min(1, 1 / gradient.reduce((a, b) => a + Math.abs(b), 0));
    while (path.length < evaluations) {
      const trial = plus(point, way, reach);
      const found = valley(trial);
      if (found.cost <= cost + 1e-4 * reach * dot(way, gradient)) {
        const [s, y] = [plus(trial, point, -1), plus(found.gradient, gradient, -1)];
        if (dot(s, y) > 1e-10 * dot(y, y)) pairs = [...pairs, { s, y }].slice(-history);
        [point, cost, gradient] = [trial, found.cost, found.gradient];
        path.push({ point, cost });
        break;
      }
      path.push({ point, cost });
      reach /= 2;
    }
  }
  return path;
}
