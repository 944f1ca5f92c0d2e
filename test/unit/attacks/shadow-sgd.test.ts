import { expect, test } from 'vitest';
import { SgdTrainer } from '../../../attacks/shadow/sgd.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import { findModel } from '../../../src/models/registry.ts';
import { engine, take, trainLocally } from './setting.ts';

const mlp = findModel('mlp-2fc');
const start = mlp.initialize(randomStream(3, 'init'));
const job = {
  ...{ start, samples: take(0, 22), epochs: 2, learningRate: 0.1 },
  ...{ random: randomStream(1, 'training'), signal: new AbortController().signal },
};

/** Softmax regression on two features, with a buffer that counts batches and enters no answer. */
const counting: Model = {
  id: 'counting',
  title: 'Counting',
  source: 'A test',
  inputShape: [2],
  classes: 2,
  layout: new ParameterLayout([
    { name: 'count', shape: [1], kind: 'buffer', layer: 0 },
    { name: 'weight', shape: [2, 2], kind: 'weight', layer: 0 },
  ]),
  initialize: () => new Float32Array(5),
  logits: ([, weight], inputs) => tf.matMul(inputs as tf.Tensor2D, weight as tf.Tensor2D),
  trainingPass(parameters, inputs, present) {
    const [count] = parameters as [tf.Tensor];
    const logits = counting.logits(parameters, inputs);
    return { logits, buffers: [tf.add(count, tf.div(tf.sum(present), 4))] };
  },
};

test('one full batch is one step of gradient descent', async () => {
  const trainer = await SgdTrainer.open(mlp, engine, 22);
  const trained = await trainer.train({ ...job, epochs: 1 });
  trainer.close();
  const expected = await trainLocally(mlp, start, job.samples, { steps: 1, learningRate: 0.1 });
  // The same sum in another order.
  trained.forEach((weight, at) => {
    expect(Math.abs(weight - (expected[at] as number))).toBeLessThan(1e-6);
  });
});

test('under FedProx a model is held where a client of that round would be', async () => {
  const trainer = await SgdTrainer.open(mlp, engine, 22, 4);
  const trained = await trainer.train(job);
  trainer.close();
  const expected = await localTraining(engine, mlp, 22).train({ ...job, proximal: 4 });
  // The same sum in another order.
  trained.forEach((weight, at) => {
    expect(Math.abs(weight - (expected[at] as number))).toBeLessThan(1e-6);
  });
});

test('passes come in orders of their own, and the last incomplete batch is left out', async () => {
  const trainer = await SgdTrainer.open(mlp, engine, 10);
  const [one, two] = [await trainer.train(job), await trainer.train(job)];
  const other = await trainer.train({ ...job, random: randomStream(2, 'training') });
  const exactly = await trainer.train({ ...job, samples: take(0, 20) });
  trainer.close();
  expect(two).toEqual(one);
  expect(other).not.toEqual(one);
  expect(exactly).not.toEqual(one);
});

test('buffers take the values the training pass gives them', async () => {
  const samples = {
    count: 9,
    inputShape: [2],
    inputs: Float32Array.from({ length: 18 }, (_, at) => (at % 5) - 2),
    labels: Int32Array.from({ length: 9 }, (_, at) => at % 2),
  };
  const trainer = await SgdTrainer.open(counting, engine, 4);
  const trained = await trainer.train({ ...job, samples, start: new Float32Array(5), epochs: 3 });
  trainer.close();
  // Two batches of four in each of three passes.
  expect(trained[0]).toBe(6);
  expect(trained.subarray(1).some((weight) => weight !== 0)).toBe(true);
});

test('stops when it is told to', async () => {
  const trainer = await SgdTrainer.open(mlp, engine, 10);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(trainer.train({ ...job, signal })).rejects.toThrow('enough');
  trainer.close();
});
