import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../../src/engine/choose.ts';
import type { Engine } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { clientComputations } from '../../../../src/federation/client-computations.ts';
import { localTraining } from '../../../../src/federation/local-training.ts';
import { distilGpt2, distilGpt2Duplicated } from '../../../../src/models/gpt/distilgpt2.ts';
import { gpt } from '../../../../src/models/gpt/gpt.ts';
import type { GptHead } from '../../../../src/models/gpt/layout.ts';
import { lora } from '../../../../src/models/lora.ts';
import type { LanguageModelling, Model } from '../../../../src/models/model.ts';
import { tokenLosses } from './reference.ts';

const size = { blocks: 2, heads: 2, width: 8, context: 6, vocabulary: 11 };
const tiny = (head: GptHead) => gpt({ ...size, id: `tiny-${head}`, title: '', head });
const heads: readonly GptHead[] = ['tied', 'untied', 'duplicated'];

const random = randomStream(5, 'gpt');
const sequences = Array.from({ length: 4 }, () =>
  Array.from({ length: size.context + 1 }, () => random.integer(size.vocabulary)),
);
const samples = {
  count: 4,
  inputShape: [size.context],
  inputs: Float32Array.from(sequences.flatMap((tokens) => tokens.slice(0, -1))),
  labels: Int32Array.from(sequences, (tokens) => tokens.at(-1) as number),
};

/** Larger than what training starts from, so that every part of the model matters. */
function strongParameters(model: Model): Float32Array {
  const stream = randomStream(6, 'parameters');
  const flat = model.initialize(stream).map((value) => 5 * value + 0.1 * stream.normal());
  for (const { copy, of } of model.copies ?? []) {
    const { offset, size: values } = model.layout.entry(of);
    flat.copyWithin(model.layout.entry(copy).offset, offset, offset + values);
  }
  return flat;
}

const tensorsOf = (model: Model, flat: Float32Array): Tensor[] =>
  model.layout.split(flat).map(({ shape, data }) => tf.tensor(data, [...shape]));
const language = (model: Model) => model.language as LanguageModelling;
const oneHot = (weights: readonly number[]) =>
  tf.mul(
    tf.cast(tf.oneHot(tf.tensor1d(samples.labels, 'int32'), size.vocabulary), 'float32'),
    tf.tensor(weights, [4, 1]),
  );
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'wasm' });
});

test("DistilGPT2 has the published number of parameters, under Hugging Face's names", () => {
  expect(distilGpt2.layout.size).toBe(81_912_576);
  expect(distilGpt2Duplicated.layout.size).toBe(81_912_576 + 50_257 * 768);
  const { entries } = distilGpt2.layout;
  expect(entries.map(({ name }) => name).slice(0, 6)).toEqual([
    'transformer.wte.weight',
    'transformer.wpe.weight',
    'transformer.h.0.ln_1.weight',
    'transformer.h.0.ln_1.bias',
    'transformer.h.0.attn.c_attn.weight',
    'transformer.h.0.attn.c_attn.bias',
  ]);
  expect(distilGpt2.layout.entry('transformer.h.5.mlp.c_proj.weight').shape).toEqual([3072, 768]);
  expect(entries).toHaveLength(2 + 6 * 12 + 2);
});

describe.each(heads)('a %s GPT', (head) => {
  const model = tiny(head);
  const flat = strongParameters(model);
  const expected = sequences.map((tokens) =>
    tokenLosses(size, model.layout, flat, tokens, language(model).head),
  );

  test('gives every sequence the loss, and the perplexity, of plain float64 loops', () => {
    tf.tidy(() => {
      const weights = [1, 0.5, 0, 2];
      const inputs = tf.tensor(samples.inputs, [4, size.context]);
      const losses = language(model).losses(tensorsOf(model, flat), inputs, oneHot(weights));
      [...losses.dataSync()].forEach((loss, at) => {
        expect(loss).toBeCloseTo((weights[at] as number) * mean(expected[at] as number[]), 4);
      });
      const all = language(model).losses(tensorsOf(model, flat), inputs, oneHot([1, 1, 1, 1]));
      const perplexity = Math.exp(mean([...all.dataSync()]));
      const reference = Math.exp(mean(expected.flat()));
      expect(Math.abs(perplexity / reference - 1)).toBeLessThan(1e-4);
      // Well away from the uniform model's 11: the parameters do matter.
      expect(Math.abs(reference - size.vocabulary)).toBeGreaterThan(0.5);
    });
  });

  test('predicts the token after the context', () => {
    tf.tidy(() => {
      const logits = model.logits(tensorsOf(model, flat), tf.tensor(samples.inputs, [4, 6]));
      const logged = tf.logSoftmax(logits).dataSync();
      samples.labels.forEach((label, at) => {
        const loss = -(logged[at * size.vocabulary + label] as number);
        expect(loss).toBeCloseTo(expected[at]?.at(-1) as number, 4);
      });
    });
  });

  test('is computed by clients: loss, and a gradient that agrees with differences', async () => {
    const own = clientComputations(engine, model, 3);
    const loss = await own.loss(flat, samples);
    expect(loss).toBeCloseTo(mean(expected.flat()), 4);
    const gradient = await own.gradient(flat, samples);
    // Along a random direction in each tensor, by central differences of the float64 loops.
    const stream = randomStream(7);
    for (const { name, kind, offset, size: values } of model.layout.entries) {
      if (kind === 'buffer') continue;
      const direction = Array.from({ length: values }, () => stream.normal());
      const lossAt = (step: number) => {
        const moved = Float64Array.from(flat);
        direction.forEach((value, at) => {
          moved[offset + at] = (moved[offset + at] as number) + step * value;
        });
        const losses = sequences.map((tokens) =>
          tokenLosses(size, model.layout, moved, tokens, language(model).head),
        );
        return mean(losses.flat());
      };
      const difference = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
      const product = direction.reduce(
        (sum, value, at) => sum + value * (gradient[offset + at] as number),
        0,
      );
      // Float32 sums of some hundred terms of order 1.
      expect(Math.abs(product - difference), name).toBeLessThan(1e-4 + 1e-3 * Math.abs(difference));
    }
  });

  test('sensitivity equals the absolute gradient, and a Hessian product is finite and not 0', async () => {
    const own = clientComputations(engine, model, 4);
    const sensitivity = await own.sensitivity(flat, samples);
    const absolute = await own.meanAbsoluteGradient(flat, samples);
    sensitivity.forEach((value, at) => {
      expect(value).toBeCloseTo(absolute[at] as number, 4);
    });
    const curvature = await own.hessianGradient(flat, samples);
    expect(curvature.every(Number.isFinite)).toBe(true);
    expect(curvature.some((value) => value !== 0)).toBe(true);
  });
});

test('starts as GPT-2 does', () => {
  const model = tiny('duplicated');
  const flat = model.initialize(randomStream(12));
  const part = (name: string) => {
    const { offset, size: values } = model.layout.entry(name);
    return [...flat.subarray(offset, offset + values)];
  };
  const deviation = (name: string) => Math.sqrt(mean(part(name).map((value) => value ** 2)));
  // Some 200 draws: a standard deviation within 20 %.
  expect(deviation('transformer.h.1.attn.c_attn.weight') / 0.02).toBeCloseTo(1, 0.4);
  expect(deviation('transformer.h.1.mlp.c_proj.weight') / 0.01).toBeCloseTo(1, 0.4);
  expect(new Set(part('transformer.h.0.ln_1.weight'))).toEqual(new Set([1]));
  expect(new Set(part('transformer.h.0.mlp.c_fc.bias'))).toEqual(new Set([0]));
  expect(part('lm_head.weight')).toEqual(part('transformer.wte.weight'));
});

test('learns four sequences by heart', async () => {
  const model = tiny('tied');
  const start = model.initialize(randomStream(8));
  const own = clientComputations(engine, model, 4);
  const trained = await localTraining(engine, model, 4).train({
    ...{ start, samples, epochs: 200, learningRate: 1 },
    random: randomStream(9),
    signal: new AbortController().signal,
  });
  expect(await own.loss(start, samples)).toBeGreaterThan(2.2);
  expect(await own.loss(trained, samples)).toBeLessThan(0.5);
});

test('a duplicated head trains as a tied one, and its copy tells the embeddings', async () => {
  const [tied, duplicated] = [tiny('tied'), tiny('duplicated')];
  const start = duplicated.initialize(randomStream(10));
  const task = {
    ...{ samples, epochs: 3, learningRate: 0.1 },
    random: randomStream(11),
    signal: new AbortController().signal,
  };
  const trained = await localTraining(engine, duplicated, 3).train({ ...task, start });
  const plain = await localTraining(engine, tied, 3).train({
    ...task,
    start: start.slice(0, tied.layout.size),
  });
  expect(trained.slice(0, tied.layout.size)).toEqual(plain);

  // Masks follow gradients, and the copy has none: not one of its coordinates is ever chosen ...
  const copy = duplicated.layout.entry('lm_head.weight');
  const gradient = await clientComputations(engine, duplicated, 3).gradient(start, samples);
  const ofCopy = gradient.subarray(copy.offset, copy.offset + copy.size);
  expect(ofCopy.every((value) => value === 0)).toBe(true);
  expect(gradient.subarray(0, copy.size).some((value) => value !== 0)).toBe(true);
  // ... and in plaintext it is the embeddings, had they all been encrypted.
  const seen = trained.subarray(copy.offset, copy.offset + copy.size);
  expect(seen).toEqual(trained.subarray(0, copy.size));
  expect(seen).not.toEqual(start.subarray(0, copy.size));
});

test("the copy follows FedProx's pull too, and DP-SGD refuses it", async () => {
  const model = tiny('duplicated');
  const start = model.initialize(randomStream(13));
  const task = {
    ...{ start, samples, epochs: 2, learningRate: 0.1, proximal: 1 },
    random: randomStream(14),
    signal: new AbortController().signal,
  };
  const trained = await localTraining(engine, model, 3).train(task);
  const { offset, size: values } = model.layout.entry('lm_head.weight');
  expect(trained.subarray(offset, offset + values)).toEqual(trained.subarray(0, values));
  expect(trained.subarray(0, values)).not.toEqual(start.subarray(0, values));
  const dpSgd = { clip: 1, noiseMultiplier: 1 };
  await expect(localTraining(engine, model, 3).train({ ...task, dpSgd })).rejects.toThrow(
    /tensors that its vector holds twice/,
  );
});

test('adapters learn from every token of a sequence', async () => {
  const base = tiny('tied');
  const adapted = lora(base, { rank: 2 }, randomStream(15));
  const start = adapted.initialize(randomStream(16));
  const frozen = base.initialize(randomStream(15).derive('frozen-base'));
  // Adapters that change nothing yet: the loss is the base's.
  expect(await clientComputations(engine, adapted, 4).loss(start, samples)).toBeCloseTo(
    await clientComputations(engine, base, 4).loss(frozen, samples),
    5,
  );
  const trained = await localTraining(engine, adapted, 4).train({
    ...{ start, samples, epochs: 60, learningRate: 1 },
    random: randomStream(17),
    signal: new AbortController().signal,
  });
  expect(await clientComputations(engine, adapted, 4).loss(trained, samples)).toBeLessThan(2.2);
});

test('heads that do not divide the width are refused', () => {
  expect(() => gpt({ ...size, heads: 3, id: 'odd', title: '', head: 'tied' })).toThrow(
    /3 attention heads can't share a width of 8/,
  );
});
