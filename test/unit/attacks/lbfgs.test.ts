import { expect, test } from 'vitest';
import { lbfgs } from '../../../attacks/optimisers/lbfgs.ts';

const options = {
  learningRate: 1,
  history: 100,
  evaluations: 500,
  gradientTolerance: 1e-10,
  changeTolerance: 1e-14,
};

test('finds the minimum of the Rosenbrock function in 10 dimensions', async () => {
  const start = Float64Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? -1.2 : 1));
  const found = await lbfgs(start, async (x) => rosenbrock(x), options);
  expect(found.cost).toBeLessThan(1e-16);
  for (const value of found.point) expect(value).toBeCloseTo(1, 7);
  expect(found.evaluations).toBeLessThan(200);
});

test('solves an ill-conditioned quadratic to its closed form', async () => {
  const scales = Float64Array.from({ length: 30 }, (_, at) => 10 ** (at / 10));
  const goal = scales.map((_, at) => Math.sin(at));
  const found = await lbfgs(
    new Float64Array(30),
    async (x) => {
      const gradient = x.map((value, at) => (scales[at] ?? 0) * (value - (goal[at] ?? 0)));
      const cost = gradient.reduce((sum, g, at) => sum + (g * g) / (2 * (scales[at] ?? 1)), 0);
      return { cost, gradient };
    },
    options,
  );
  found.point.forEach((value, at) => {
    expect(value).toBeCloseTo(goal[at] ?? Number.NaN, 6);
  });
});

test('keeps to its budget of evaluations and never returns a worse point than it started from', async () => {
  const start = Float64Array.of(-1.2, 1);
  for (const evaluations of [1, 2, 7, 20]) {
    let asked = 0;
    const found = await lbfgs(
      start,
      async (x) => {
        asked++;
        return rosenbrock(x);
      },
      { ...options, evaluations },
    );
    expect(asked).toBe(found.evaluations);
    expect(asked).toBeLessThanOrEqual(evaluations);
    expect(found.cost).toBeLessThanOrEqual(rosenbrock(start).cost);
  }
});

test('a cost that is not a number is reported as infinite, and a step into one is taken back', async () => {
  const nowhere = await lbfgs(
    Float64Array.of(1),
    async () => ({ cost: Number.NaN, gradient: [0] }),
    options,
  );
  expect(nowhere.cost).toBe(Number.POSITIVE_INFINITY);

  // −log x + x has its minimum at 1 and is undefined below 0.
  const barrier = await lbfgs(
    Float64Array.of(0.01),
    async ([x = Number.NaN]) => ({ cost: x - Math.log(x), gradient: [1 - 1 / x] }),
    options,
  );
  expect(barrier.point[0]).toBeCloseTo(1, 6);
});

function rosenbrock(x: Float64Array): { cost: number; gradient: Float64Array } {
  const gradient = new Float64Array(x.length);
  let cost = 0;
  for (let at = 0; at + 1 < x.length; at++) {
    const [a = 0, b = 0] = x.subarray(at, at + 2);
    cost += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
    gradient[at] = (gradient[at] ?? 0) - 400 * a * (b - a * a) - 2 * (1 - a);
    gradient[at + 1] = (gradient[at + 1] ?? 0) + 200 * (b - a * a);
  }
  return { cost, gradient };
}
