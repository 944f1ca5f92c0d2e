import { expect, test } from 'vitest';
import { MemberNetwork } from '../../../attacks/classifier/member-network.ts';
import { standardisation, type Table } from '../../../attacks/classifier/standardise.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { engine } from './setting.ts';

const shape = { parts: [1, 2], partUnits: 8, encoder: [6] };
const training = { iterations: 150, learningRate: 0.02, decay: 0, limit: 5 };

/** Members have x₀ > 0 and x₁ = x₂, others not: each part has something to tell. */
function rows(member: boolean, count = 60): Table {
  const random = randomStream(member ? 1 : 2, 'rows');
  const values = Array.from({ length: count }, () => {
    const shared = random.normal();
    return member
      ? [Math.abs(random.normal()), shared, shared]
      : [-Math.abs(random.normal()), shared, -shared];
  });
  return { width: 3, values: Float32Array.from(values.flat()) };
}

async function learn(overrides: Partial<typeof training> = {}, seed = 3) {
  const network = await MemberNetwork.open(engine, 120, shape, { ...training, ...overrides });
  try {
    const random = randomStream(seed, 'network');
    const { signal } = new AbortController();
    return await network.train(rows(true), rows(false), { random, signal });
  } finally {
    network.close();
  }
}

test('learns from parts of a row together', async () => {
  const logit = await learn();
  expect(logit([1, 0.5, 0.5])).toBeGreaterThan(2);
  expect(logit([-1, 0.5, -0.5])).toBeLessThan(-2);
});

test('is the same under the same stream, another under another', async () => {
  const [one, two, three] = [await learn(), await learn(), await learn({}, 4)];
  const row = [0.3, -0.2, 0.1];
  expect(two(row)).toBe(one(row));
  expect(three(row)).not.toBe(one(row));
});

test('weight decay keeps its answers near 0', async () => {
  const [free, held] = [await learn(), await learn({ decay: 0.1 })];
  expect(Math.abs(held([1, 0.5, 0.5]))).toBeLessThan(Math.abs(free([1, 0.5, 0.5])) / 2);
});

test('standardises columns over the given rows, and cuts what is far out', () => {
  const standardise = standardisation({ width: 2, values: Float32Array.of(1, 7, 3, 7) }, 5);
  expect([standardise(1, 0), standardise(3, 0), standardise(2, 0)]).toEqual([-1, 1, 0]);
  // A column without spread is centred only.
  expect(standardise(8, 1)).toBe(1);
  expect(standardise(1000, 0)).toBe(5);
  expect(standardise(-1000, 0)).toBe(-5);
});
