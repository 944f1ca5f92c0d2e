import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { MicroBatchedSgd, microBatchSize } from '../../../src/federation/micro-batches.ts';
import { distilGpt2 } from '../../../src/models/gpt/distilgpt2.ts';
import { gpt } from '../../../src/models/gpt/gpt.ts';
import { findModel } from '../../../src/models/registry.ts';

const model = gpt({
  ...{ blocks: 1, heads: 2, width: 8, context: 5, vocabulary: 11 },
  ...{ id: 'micro-gpt', title: '', head: 'duplicated' },
});
const random = randomStream(1, 'micro-batches');
const tokens = (count: number) => Array.from({ length: count }, () => random.integer(11));
const samples = {
  ...{ count: 7, inputShape: [5] },
  ...{ inputs: Float32Array.from(tokens(35)), labels: Int32Array.from(tokens(7)) },
};
const start = model.initialize(randomStream(2));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

test.each([0, 3])('parts of a batch make the same steps, with μ = %d', async (proximal) => {
  const task = { start, samples, epochs: 1, learningRate: 0.5, proximal };
  const signal = new AbortController().signal;
  const shuffle = randomStream(3);
  // Batches of 5 and 2 samples.
  const whole = await localTraining(engine, model, 5).train({ ...task, random: shuffle, signal });
  const order = shuffle.derive('epoch', 0).permutation(7);
  const parts = await new MicroBatchedSgd(engine, model, 5, 2).epoch(start, order, {
    ...task,
    signal,
  });
  whole.forEach((weight, at) => {
    // Float32 sums in another order.
    expect(parts[at]).toBeCloseTo(weight, 5);
  });
  const change = Math.hypot(...whole.map((weight, at) => weight - (start[at] as number)));
  expect(change).toBeGreaterThan(0.1);
  const { offset, size } = model.layout.entry('lm_head.weight');
  expect(parts.subarray(offset, offset + size)).toEqual(parts.subarray(0, size));
});

test('only what is large is taken in parts', () => {
  expect(microBatchSize(findModel('gpt-char'), 32)).toBe(32);
  expect(microBatchSize(findModel('gpt-bpe'), 32)).toBe(32);
  expect(microBatchSize(findModel('mlp-purchase'), 64)).toBe(64);
  // 64 positions of 50,257 logits each are 3.2 million.
  expect(microBatchSize(distilGpt2, 8)).toBe(2);
  expect(microBatchSize({ ...distilGpt2, inputShape: [1024] }, 8)).toBe(1);
});

test('a batch that is normalised by its own statistics is never taken apart', () => {
  expect(() => new MicroBatchedSgd(engine, findModel('resnet-18'), 4, 2)).toThrow(
    /resnet-18 has batch norm/,
  );
});
