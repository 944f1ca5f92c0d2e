import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { relativeDistance } from '../../../attacks/gradient-matching/objectives.ts';
import { observeUpdate } from '../../../attacks/gradient-matching/observed-update.ts';
import {
  constantSpecs,
  constantValues,
  matchingCost,
  matchingProblem,
} from '../../../attacks/gradient-matching/problem.ts';
import { invertingGradients } from '../../../attacks/inverting-gradients/index.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { localTraining } from '../../../src/federation/local-training.ts';
import { psnr } from '../../../src/metrics/psnr.ts';
import { batchNormEntries, batchNormInTraining } from '../../../src/models/batch-norm.ts';
import { uniformByFanIn } from '../../../src/models/initializers.ts';
import { convolve, dense, flatten } from '../../../src/models/layers.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import { ask, engine, knowledge, oneRound, take } from './setting.ts';

/** Convolution, batch norm, sigmoid, fully connected: the smallest network with running statistics. */
const layout = new ParameterLayout([
  { name: 'conv.weight', shape: [5, 5, 1, 6], kind: 'weight', layer: 0 },
  ...batchNormEntries('bn', 6, 1),
  { name: 'fc.weight', shape: [864, 10], kind: 'weight', layer: 2 },
  { name: 'fc.bias', shape: [10], kind: 'bias', layer: 2 },
]);
const model: Model = {
  id: 'batch-norm-net',
  title: 'A small network with batch norm',
  source: 'This test',
  inputShape: [28, 28, 1],
  classes: 10,
  layout,
  initialize: (random) => uniformByFanIn(layout, random),
  logits: (parameters, inputs) =>
    passOf(parameters, inputs, tf.ones([inputs.shape[0] as number])).logits,
  trainingPass: passOf,
};

function passOf(parameters: readonly Tensor[], inputs: Tensor, present: Tensor) {
  const [kernel, scale, shift, mean, variance, batches, weight, bias] = parameters as Eight;
  const convolved = convolve(inputs, kernel, { stride: 2, padding: 0 });
  const norm = batchNormInTraining(convolved, [scale, shift, mean, variance, batches], present);
  const hidden = flatten(tf.sigmoid(norm.output));
  return { logits: dense(hidden, weight, bias), buffers: norm.buffers };
}
type Eight = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

const start = model.initialize(randomStream(3, 'batch norm'));
const learningRate = 0.1;
const own = take(310, 2);

async function update(localSteps: number) {
  const weights = await localTraining(engine, model, 32).train({
    start,
    samples: own,
    epochs: localSteps,
    learningRate,
    proximal: 0,
    random: randomStream(1, 'order'),
    signal: new AbortController().signal,
  } as Parameters<ReturnType<typeof localTraining>['train']>[0]);
  const mask = new Uint8Array(layout.size);
  const view = oneRound(model, start, [{ weights, samples: 2, localSteps }], mask, learningRate);
  return { view, exposure: { client: 0, round: 1 } };
}

/** The program's cost at the client's own images and labels. */
async function costAtTruth(localSteps: number, statistics: number, pixels = own.inputs) {
  const { view } = await update(localSteps);
  const { exposeTransmission } = await import('../../../src/view/exposure.ts');
  const seen = observeUpdate(exposeTransmission(view, 'oracle', { client: 0, round: 1 }));
  if (!seen) throw new Error('nothing observed');
  const problem = matchingProblem(model, seen, own.labels);
  const program = await engine.compile({
    name: 'test/cost',
    state: [],
    constants: constantSpecs(problem),
    perStep: [{ shape: [pixels.length], dtype: 'float32' }],
    step: ({ constants, perStep }) => ({
      state: [],
      outputs: [
        matchingCost(problem, relativeDistance, constants, perStep[0] as Tensor, statistics),
      ],
    }),
  });
  const { outputs } = await program.run({
    steps: 1,
    state: [],
    constants: constantValues(problem, seen, own.labels),
    perStep: [{ shape: [1, pixels.length], data: pixels }],
  });
  program.dispose();
  return outputs[0]?.data[0] as number;
}

describe('a network with batch norm', () => {
  for (const localSteps of [1, 3])
    test(`the true images explain update and running statistics after ${localSteps} step(s)`, async () => {
      // Relative squared distances of float32 sums.
      expect(await costAtTruth(localSteps, 0)).toBeLessThan(1e-7);
      expect(await costAtTruth(localSteps, 1)).toBeLessThan(1e-7);
    });

  test('other images are told apart by the statistics alone', async () => {
    const darker = own.inputs.map((pixel) => 0.5 * pixel);
    const [without, with_] = [await costAtTruth(1, 0, darker), await costAtTruth(1, 1, darker)];
    expect(with_ - without).toBeGreaterThan(0.05);
  });

  test('inverting gradients takes its buffers along', async () => {
    const { view } = await update(1);
    const aux = knowledge({
      reconstruction: [{ client: 0, round: 1, samples: 2, localSteps: 1 }],
    });
    const output = await ask(invertingGradients, { model, view, aux, params: { iterations: 300 } });
    const score = psnr.score(output, {
      membership: [],
      reconstruction: [
        { client: 0, round: 1, inputShape: [28, 28, 1], images: own.inputs, labels: own.labels },
      ],
      meanImage: new Float32Array(784),
      distractors: new Float32Array(0),
    });
    expect(score?.value).toBeGreaterThan((score?.baselines?.noise as number) + 3);
  });
});
