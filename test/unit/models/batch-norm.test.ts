import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { openCompiledEngine } from '../../../src/engine/compile/index.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import {
  type BatchNormTensors,
  batchNorm,
  batchNormEntries,
  batchNormInTraining,
} from '../../../src/models/batch-norm.ts';
import { uniformByFanIn } from '../../../src/models/initializers.ts';
import { dense } from '../../../src/models/layers.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import type { Model } from '../../../src/models/model.ts';

const random = randomStream(11, 'batch-norm');
/** [sample][pixel][channel]: 3 samples of 2 × 2 pixels with 2 channels. */
const x = Array.from({ length: 3 }, () =>
  Array.from({ length: 4 }, () => [2 + random.normal(), 3 * random.normal()]),
);
const state = { scale: [1.5, -0.5], shift: [0.25, 1], mean: [0.5, -1], variance: [2, 0.75] };

/** The definition, in float64. */
function reference(samples: readonly (readonly (readonly number[])[])[], channel: number) {
  const values = samples.flat().map((pixel) => pixel[channel] as number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, biased: squares / values.length, unbiased: squares / (values.length - 1) };
}

const tensors = (): BatchNormTensors => [
  tf.tensor1d(state.scale),
  tf.tensor1d(state.shift),
  tf.tensor1d(state.mean),
  tf.tensor1d(state.variance),
  tf.scalar(7),
];
const images = () => tf.tensor(x.flat(2), [3, 2, 2, 2]);
const valuesOf = (tensor: Tensor) => [...tensor.dataSync()];

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'wasm' });
});

describe.each([
  ['a full batch', [1, 1, 1]],
  ['a batch of which one sample is padding', [1, 1, 0]],
])('training mode on %s', (_, present) => {
  const samples = x.filter((_, at) => present[at]);

  test('normalises by the statistics of what is there, and moves the running ones', () => {
    const pass = batchNormInTraining(images(), tensors(), tf.tensor1d(present));
    const [mean, variance, batches] = pass.buffers.map(valuesOf) as [number[], number[], number[]];
    const output = valuesOf(pass.output);
    for (const channel of [0, 1]) {
      const wanted = reference(samples, channel);
      const at = <T>(list: readonly T[]) => list[channel] as T;
      // Twelve float32 values: six decimals hold.
      expect(at(mean)).toBeCloseTo(0.9 * at(state.mean) + 0.1 * wanted.mean, 6);
      expect(at(variance)).toBeCloseTo(0.9 * at(state.variance) + 0.1 * wanted.unbiased, 5);
      samples.flat().forEach((pixel, index) => {
        const standard = (at(pixel) - wanted.mean) / Math.sqrt(wanted.biased + 1e-5);
        expect(output[2 * index + channel]).toBeCloseTo(
          at(state.scale) * standard + at(state.shift),
          5,
        );
      });
    }
    expect(batches).toEqual([8]);
  });
});

test('evaluation uses the running statistics, whatever the batch', () => {
  const output = valuesOf(batchNorm(images(), tensors()));
  x.flat().forEach((pixel, index) => {
    pixel.forEach((value, channel) => {
      const at = (list: readonly number[]) => list[channel] as number;
      const standard = (value - at(state.mean)) / Math.sqrt(at(state.variance) + 1e-5);
      expect(output[2 * index + channel]).toBeCloseTo(
        at(state.scale) * standard + at(state.shift),
        5,
      );
    });
  });
});

test('its gradient is that of the definition', () => {
  const weights = Array.from({ length: 24 }, () => random.normal());
  const loss = (input: Tensor) =>
    tf.sum(
      tf.mul(
        batchNormInTraining(input, tensors(), tf.tensor1d([1, 1, 1])).output,
        tf.tensor(weights, [3, 2, 2, 2]),
      ),
    );
  const gradient = valuesOf(tf.grad(loss)(images()));
  // Closed form: γ/σ · (w − mean(w) − x̂ · mean(w x̂)).
  for (const channel of [0, 1]) {
    const { mean, biased } = reference(x, channel);
    const sigma = Math.sqrt(biased + 1e-5);
    const standard = x.flat().map((pixel) => ((pixel[channel] as number) - mean) / sigma);
    const w = standard.map((_, index) => weights[2 * index + channel] as number);
    const average = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const along = average(w.map((value, at) => value * (standard[at] as number)));
    standard.forEach((value, index) => {
      const slope = (w[index] as number) - average(w) - value * along;
      expect(gradient[2 * index + channel]).toBeCloseTo(
        ((state.scale[channel] as number) / sigma) * slope,
        4,
      );
    });
  }
});

/** 2 × 2 × 2 images, batch norm, mean over the pixels, a dense layer to 2 classes. */
const tiny: Model = {
  id: 'tiny-batch-norm',
  title: 'tiny',
  source: 'a test',
  inputShape: [2, 2, 2],
  classes: 2,
  layout: new ParameterLayout([
    ...batchNormEntries('bn', 2, 0),
    { name: 'fc.weight', shape: [2, 2], kind: 'weight', layer: 1 },
    { name: 'fc.bias', shape: [2], kind: 'bias', layer: 1 },
  ]),
  initialize: (stream) => uniformByFanIn(tiny.layout, stream),
  logits: (parameters, inputs) =>
    head(parameters, batchNorm(inputs, parameters.slice(0, 5) as unknown as BatchNormTensors)),
  trainingPass(parameters, inputs, present) {
    const norm = parameters.slice(0, 5) as unknown as BatchNormTensors;
    const { output, buffers } = batchNormInTraining(inputs, norm, present);
    return { logits: head(parameters, output), buffers };
  },
};

function head(parameters: readonly Tensor[], x: Tensor): Tensor {
  return dense(tf.mean(tf.relu(x), [1, 2]), parameters[5] as Tensor, parameters[6] as Tensor);
}

const compiled = await openCompiledEngine();
const engines = ['wasm', ...('unavailable' in compiled ? [] : ['compiled'])] as const;

describe.each(engines)('training on the engine %s', (id) => {
  test('moves buffers batch by batch, without touching them by gradient or padding', async () => {
    const chosen = id === 'wasm' || 'unavailable' in compiled ? engine : compiled;
    const samples = {
      count: 3,
      inputShape: [2, 2, 2],
      inputs: Float32Array.from(x.flat(2)),
      labels: Int32Array.of(0, 1, 0),
    };
    const start = tiny.initialize(randomStream(2));
    const trained = await localTraining(chosen, tiny, 2).train({
      start,
      samples,
      epochs: 1,
      learningRate: 0.1,
      random: randomStream(3),
      signal: new AbortController().signal,
    });
    const order = randomStream(3).derive('epoch', 0).permutation(3);
    const dealt = Array.from(order, (at) => x[at] as (typeof x)[number]);
    const at = (name: string, index: number) => tiny.layout.entry(name).offset + index;
    for (const channel of [0, 1]) {
      const first = reference(dealt.slice(0, 2), channel);
      const last = reference(dealt.slice(2), channel);
      expect(trained[at('bn.running_mean', channel)]).toBeCloseTo(
        0.9 * 0.1 * first.mean + 0.1 * last.mean,
        6,
      );
      expect(trained[at('bn.running_var', channel)]).toBeCloseTo(
        0.9 * (0.9 + 0.1 * first.unbiased) + 0.1 * last.unbiased,
        5,
      );
      expect(trained[at('bn.weight', channel)]).not.toBe(start[at('bn.weight', channel)]);
    }
    expect(trained[at('bn.num_batches_tracked', 0)]).toBe(2);
    const gradient = await localTraining(chosen, tiny, 2).gradient(trained, samples);
    const buffers = tiny.layout.entries.filter(({ kind }) => kind === 'buffer');
    for (const { offset, size } of buffers)
      expect([...gradient.subarray(offset, offset + size)]).toEqual(new Array(size).fill(0));
    expect(Math.abs(gradient[at('fc.weight', 0)] as number)).toBeGreaterThan(0);
  });
});
