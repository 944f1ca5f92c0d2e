import { expect, test } from 'vitest';
import { publicSamples } from '../../../src/data/public-samples.ts';
import { loadDataset } from '../../../src/data/registry.ts';

const key = (inputs: Float32Array, at: number) => inputs.slice(64 * at, 64 * (at + 1)).join();
const rows = ({ count, inputs }: { count: number; inputs: Float32Array }) =>
  Array.from({ length: count }, (_, at) => key(inputs, at));

test('public samples are those that a limit leaves out, and together they are all', async () => {
  const id = 'synthetic-tiny-shakespeare';
  const [all, used] = await Promise.all([loadDataset(id), loadDataset(id, { limit: 300 })]);
  const others = publicSamples(all, 300);
  expect(others.count).toBe(all.train.count - 300);
  const together = [...rows(used.train), ...rows(others)].sort();
  // Thousands of texts: a difference would fill the screen.
  expect(together.join('\n') === rows(all.train).sort().join('\n')).toBe(true);
  expect(rows(publicSamples(all, 300, 40))).toEqual(rows(others).slice(0, 40));
  expect(publicSamples(all, 0).count).toBe(all.train.count);
  expect(others).not.toHaveProperty('clientKeys');
  for (const [taken, count] of [
    [all.train.count, undefined],
    [300, all.train.count],
  ] as const)
    expect(() => publicSamples(all, taken, count)).toThrow(/has 4000 training samples, of which/);
});
