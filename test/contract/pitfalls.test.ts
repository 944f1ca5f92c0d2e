import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { AttackOutput, ReconstructionOutput } from '../../src/api/attack.ts';
import type { NdArray } from '../../src/engine/program.ts';
import { randomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { metricsFor } from '../../src/metrics/registry.ts';
import { crossEntropy } from '../../src/models/loss.ts';
import { findModel, models } from '../../src/models/registry.ts';
import { imageFeatures } from '../../src/run/image-features.ts';
import { AttackOutputError, requireAllAnswered } from '../../src/run/scoring.ts';
import { bestThreshold } from '../../src/stats/threshold.ts';
import { exposeTransmission } from '../../src/view/exposure.ts';
import type { GroundTruth } from '../../src/view/ground-truth.ts';
import { ask, engine, knowledge, probeRound, take } from '../unit/attacks/setting.ts';

// What published evaluations got wrong; other such cases are tested where they belong: batches and null
// baselines with the metrics, zero fills with the view, label inference and batch norm with the attacks.

const random = randomStream('pitfalls');

describe('what an attack is told of a probe', () => {
  test('has no label, and no image', async () => {
    const model = findModel('mlp-2fc');
    const start = model.initialize(random.derive('start'));
    const settings = { localSteps: 2, learningRate: 0.1 };
    const { view } = await probeRound(model, start, [take(300, 1)], settings);
    const exposed = exposeTransmission(view, 'oracle', { client: 0, round: 1 });
    expect(Object.keys(exposed).sort()).toEqual([
      ...['batchSize', 'client', 'knownCount', 'learningRate', 'localSteps', 'model'],
      ...['round', 'samples', 'scored', 'start'],
    ]);
  });
});

describe('restarts', () => {
  const restarting = attacks.filter(({ meta }) => ['dlg', 'inverting-gradients'].includes(meta.id));

  test.each(restarting)(
    '$meta.id: the one of lowest cost to the attacker is returned',
    async (attack) => {
      const model = findModel('mlp-2fc');
      const start = model.initialize(random.derive('start'));
      const settings = { localSteps: 1, learningRate: 0.1 };
      const { view, aux } = await probeRound(model, start, [take(300, 1), take(301, 1)], settings);
      const costs = async (restarts: number) => {
        const params = { iterations: 12, restarts };
        const output = await ask(attack, { model, view, aux, params });
        if (output.kind !== 'reconstruction') throw new TypeError(`an output of ${output.kind}`);
        return output.targets.map(({ cost }) => cost);
      };
      const [one, three] = [await costs(1), await costs(3)];
      three.forEach((cost, at) => {
        expect(cost).toBeLessThanOrEqual(one[at] as number);
      });
      // More than one guess was made: else the costs would be the same.
      expect(three).not.toEqual(one);
    },
  );
});

describe('an attack that leaves out what it failed on', () => {
  const aux = knowledge({
    reconstruction: [0, 1].map((client) => ({ client, round: 1, samples: 1, localSteps: 1 })),
  });
  const answer = (client: number) => ({
    ...{ client, round: 1, from: 'update' as const, cost: 0, iterations: 1 },
    ...{ images: new Float32Array(784), labels: Int32Array.of(0) },
  });
  const output = (...clients: number[]): ReconstructionOutput => ({
    kind: 'reconstruction',
    targets: clients.map(answer),
  });
  const check = (given: AttackOutput) => () => requireAllAnswered(given, 'reconstruction', aux);

  test('is refused, naming the target; so is one that answers twice', () => {
    expect(check(output(1, 0))).not.toThrow();
    expect(check(output(0))).toThrow(AttackOutputError);
    expect(check(output(0))).toThrow('the target client 1, round 1 0 times');
    expect(check(output(0, 1, 1))).toThrow('the target client 1, round 1 2 times');
    expect(check({ kind: 'membership', targets: [] })).toThrow('no reconstruction output');
  });
});

test('a threshold fitted on what it judges finds members in noise', () => {
  // 250 members, 250 others: 52.6 % on average, one draw varying by 1.1 points.
  const members = Uint8Array.from({ length: 500 }, (_, at) => at % 2);
  const draws = 200;
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    const scores = Float64Array.from(members, () => random.normal());
    const threshold = bestThreshold(scores, members);
    let right = 0;
    members.forEach((bit, at) => {
      if ((scores[at] as number) >= threshold === (bit === 1)) right++;
    });
    sum += right / members.length / draws;
  }
  expect(Math.abs(sum - 0.526)).toBeLessThan(0.003);
});

test('every image metric is printed beside what noise and the mean image score', async () => {
  const model = findModel('lenet-5');
  const originals = take(300, 3);
  const truth: GroundTruth = {
    membership: [],
    reconstruction: [
      {
        ...{ client: 0, round: 1, inputShape: [28, 28, 1] },
        ...{ images: originals.inputs, labels: originals.labels },
      },
    ],
    meanImage: take(310, 1).inputs,
    distractors: take(320, 4).inputs,
  };
  const answer: ReconstructionOutput = {
    kind: 'reconstruction',
    targets: [
      {
        from: 'update',
        ...{ client: 0, round: 1, cost: 0, iterations: 1 },
        ...{ images: take(303, 3).inputs, labels: take(303, 3).labels },
      },
    ],
  };
  const weights = model.initialize(random.derive('lenet'));
  const features = await imageFeatures(answer, truth, { model, weights, engine });
  const output = { ...answer, ...(features && { features }) };
  const shares = ['asr-psnr', 'asr-ssim', 'identification', 'label-accuracy'];
  const means = metricsFor('reconstruction').filter(({ meta }) => !shares.includes(meta.id));
  expect(means.map(({ meta }) => meta.id)).toContain('feature-mse');
  for (const metric of means) {
    const names = Object.keys(metric.score(output, truth)?.baselines ?? {});
    expect([metric.meta.id, ...names]).toEqual([
      metric.meta.id,
      'noise',
      'mean image',
      'wrong image',
    ]);
  }
});

const ofImages = models.filter(({ language, id }) => !language && !id.startsWith('resnet'));

describe.each(ofImages.map((model) => [model.id, model] as const))('%s', (_, model) => {
  const size = model.inputShape.reduce((product, length) => product * length, 1);
  const inputs = Float32Array.from({ length: 3 * size }, () => random.uniform());
  const weights = model.initialize(random.derive(model.id));

  /** What a program of the parameters and inputs gives, [floats]. */
  async function compute(
    data: Float32Array,
    output: (parameters: Tensor[], inputs: Tensor) => Tensor,
  ): Promise<Float32Array> {
    const count = data.length / size;
    const program = await engine.compile({
      name: `test/${model.id}`,
      state: [],
      constants: [
        ...model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' as const })),
        { shape: [count, ...model.inputShape], dtype: 'float32' },
      ],
      perStep: [],
      step({ constants }) {
        const parameters = constants.slice(0, -1);
        return { state: [], outputs: [output(parameters, constants.at(-1) as Tensor)] };
      },
    });
    const images = { shape: [count, ...model.inputShape], data };
    const constants = [...model.layout.split(weights), images];
    const { outputs } = await program.run({ steps: 1, state: [], constants });
    program.dispose();
    return (outputs[0] as NdArray).data as Float32Array;
  }

  test('answers every sample for itself: no statistics of the batch, no dropout', async () => {
    const all = await compute(inputs, (w, x) => model.logits(w, x));
    const second = await compute(inputs.slice(size, 2 * size), (w, x) => model.logits(w, x));
    const { classes } = model;
    // Sums of another order in float32.
    second.forEach((value, at) => {
      expect(value).toBeCloseTo(all[classes + at] as number, 4);
    });
    expect(await compute(inputs, (w, x) => model.logits(w, x))).toEqual(all);
  });

  test('has the loss −ln p, the mean over the batch, without a factor', async () => {
    const labels = Int32Array.of(0, 1, 0);
    const { classes } = model;
    const [loss] = await compute(inputs, (w, x) => {
      const targets = tf.cast(tf.oneHot(tf.tensor1d([...labels], 'int32'), classes), 'float32');
      return tf.reshape(crossEntropy(model.logits(w, x), targets), [1]);
    });
    const logits = await compute(inputs, (w, x) => model.logits(w, x));
    let expected = 0;
    labels.forEach((label, sample) => {
      const row = [...logits.slice(sample * classes, (sample + 1) * classes)];
      const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
      expected -= Math.log(Math.exp(row[label] as number) / total) / labels.length;
    });
    expect(loss).toBeCloseTo(expected, 4);
  });
});
