import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { findModel } from '../../../src/models/registry.ts';

const model = findModel('resnet-18');
const random = randomStream(5, 'resnet');
const BATCH = 2;

/** [batch, side, side, channels] in float64. */
interface Maps {
  readonly side: number;
  readonly channels: number;
  readonly values: Float64Array;
}

/** Parameters with statistics and scales that are not those of the start. */
const flat = model.initialize(randomStream(1));
for (const { name, offset, size } of model.layout.entries)
  for (let at = offset; at < offset + size; at++) {
    if (name.endsWith('running_mean')) flat[at] = 0.2 * random.normal();
    else if (name.endsWith('running_var')) flat[at] = 0.5 + random.uniform();
    else if (/(bn\d|shortcut\.1)\.(weight|bias)$/.test(name))
      flat[at] = 0.3 * random.normal() + 0.7;
  }
const parameter = (name: string) => {
  const { offset, size } = model.layout.entry(name);
  return flat.subarray(offset, offset + size);
};

/** The network by the names of its state dictionary, as He et al. describe it. */
function reference(images: Maps, training: boolean) {
  const batchMeans = new Map<string, number[]>();

  const convolve = (x: Maps, name: string, stride: number): Maps => {
    const [kernel = 0, , inputs = 0, outputs = 0] = model.layout.entry(`${name}.weight`).shape;
    const weight = parameter(`${name}.weight`);
    const side = x.side / stride;
    const padding = (kernel - 1) / 2;
    const values = new Float64Array(BATCH * side * side * outputs);
    for (let image = 0; image < BATCH; image++)
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++)
          for (let i = 0; i < kernel; i++)
            for (let j = 0; j < kernel; j++) {
              const r = row * stride + i - padding;
              const c = column * stride + j - padding;
              if (r < 0 || c < 0 || r >= x.side || c >= x.side) continue;
              const from = ((image * x.side + r) * x.side + c) * inputs;
              const to = ((image * side + row) * side + column) * outputs;
              for (let input = 0; input < inputs; input++) {
                const value = x.values[from + input] as number;
                if (value === 0) continue;
                const first = ((i * kernel + j) * inputs + input) * outputs;
                for (let output = 0; output < outputs; output++)
                  values[to + output] =
                    (values[to + output] as number) + value * (weight[first + output] as number);
              }
            }
    return { side, channels: outputs, values };
  };

  const normalise = (x: Maps, name: string): Maps => {
    const count = x.values.length / x.channels;
    const values = new Float64Array(x.values.length);
    const means: number[] = [];
    for (let channel = 0; channel < x.channels; channel++) {
      const at = (pixel: number) => x.values[pixel * x.channels + channel] as number;
      let mean = parameter(`${name}.running_mean`)[channel] as number;
      let variance = parameter(`${name}.running_var`)[channel] as number;
      if (training) {
        mean = 0;
        variance = 0;
        for (let pixel = 0; pixel < count; pixel++) mean += at(pixel) / count;
        for (let pixel = 0; pixel < count; pixel++) variance += (at(pixel) - mean) ** 2 / count;
      }
      means.push(mean);
      const scale = parameter(`${name}.weight`)[channel] as number;
      const shift = parameter(`${name}.bias`)[channel] as number;
      for (let pixel = 0; pixel < count; pixel++)
        values[pixel * x.channels + channel] =
          ((at(pixel) - mean) / Math.sqrt(variance + 1e-5)) * scale + shift;
    }
    batchMeans.set(name, means);
    return { ...x, values };
  };

  const relu = (x: Maps): Maps => ({ ...x, values: x.values.map((value) => Math.max(0, value)) });
  const sum = (a: Maps, b: Maps): Maps => ({
    ...a,
    values: a.values.map((value, at) => value + (b.values[at] as number)),
  });

  let x = relu(normalise(convolve(images, 'conv1', 1), 'bn1'));
  for (const stage of [1, 2, 3, 4])
    for (const block of [0, 1]) {
      const name = `layer${stage}.${block}`;
      const halves = stage > 1 && block === 0;
      const stride = halves ? 2 : 1;
      const inner = relu(normalise(convolve(x, `${name}.conv1`, stride), `${name}.bn1`));
      const residual = normalise(convolve(inner, `${name}.conv2`, 1), `${name}.bn2`);
      const shortcut = halves
        ? normalise(convolve(x, `${name}.shortcut.0`, stride), `${name}.shortcut.1`)
        : x;
      x = relu(sum(residual, shortcut));
    }
  const pixels = x.side ** 2;
  const logits: number[] = [];
  for (let image = 0; image < BATCH; image++)
    for (let label = 0; label < 10; label++) {
      let logit = parameter('linear.bias')[label] as number;
      for (let pixel = 0; pixel < pixels; pixel++)
        for (let channel = 0; channel < x.channels; channel++)
          logit +=
            ((x.values[(image * pixels + pixel) * x.channels + channel] as number) / pixels) *
            (parameter('linear.weight')[channel * 10 + label] as number);
      logits.push(logit);
    }
  return { logits, batchMeans };
}

const images: Maps = {
  side: 32,
  channels: 3,
  values: Float64Array.from({ length: BATCH * 32 * 32 * 3 }, () => Math.fround(random.uniform())),
};

beforeAll(async () => {
  await openEngine({ prefer: 'wasm' });
});

/** Largest difference, relative to the largest value. */
function difference(found: ArrayLike<number>, wanted: readonly number[]): number {
  const scale = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, at) => Math.abs((found[at] as number) - value) / scale));
}

describe('ResNet-18 agrees with its definition in float64', () => {
  const tensors = () =>
    model.layout.split(flat).map(({ shape, data }) => tf.tensor(data, [...shape]));
  const input = () => tf.tensor(Float32Array.from(images.values), [BATCH, 32, 32, 3]);

  // 18 layers of float32 sums of up to 4,608 products.
  const TOLERANCE = 1e-4;

  test('in evaluation, by running statistics', () => {
    const found = tf.tidy(() => model.logits(tensors(), input()).dataSync());
    expect(difference(found, reference(images, false).logits)).toBeLessThan(TOLERANCE);
  });

  test('in training, by the statistics of the batch, which move the running ones', () => {
    const { logits, batchMeans } = reference(images, true);
    tf.tidy(() => {
      const pass = model.trainingPass?.(tensors(), input(), tf.ones([BATCH]));
      if (!pass) throw new TypeError('ResNet-18 has no training pass');
      expect(difference(pass.logits.dataSync(), logits)).toBeLessThan(TOLERANCE);
      const buffers = model.layout.entries.filter(({ kind }) => kind === 'buffer');
      expect(pass.buffers.length).toBe(buffers.length);
      buffers.forEach(({ name }, at) => {
        const found = pass.buffers[at]?.dataSync() ?? [];
        if (name.endsWith('num_batches_tracked')) expect([...found]).toEqual([1]);
        if (!name.endsWith('running_mean')) return;
        const means = batchMeans.get(name.replace('.running_mean', '')) ?? [];
        const wanted = [...parameter(name)].map(
          (old, channel) => 0.9 * old + 0.1 * (means[channel] as number),
        );
        expect(difference(found, wanted)).toBeLessThan(TOLERANCE);
      });
    });
  });
});
