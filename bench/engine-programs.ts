import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { NdArray, ProgramDefinition, RunArguments } from '../src/engine/program.ts';
import { type RandomStream, randomStream } from '../src/engine/random.ts';
import { tf } from '../src/engine/tensors.ts';
import { sgdStep } from '../src/federation/programs.ts';
import { crossEntropy } from '../src/models/loss.ts';
import type { Model } from '../src/models/model.ts';
import { findModel } from '../src/models/registry.ts';
import { type GptSettings, gptLogits, gptShapes } from './engine-gpt.ts';

/** A hot loop of the suite with something to run it on. */
export interface Workload {
  readonly title: string;
  /** Takes seconds a step without the compiled engine. */
  readonly heavy?: boolean;
  readonly definition: ProgramDefinition;
  arguments(steps: number): RunArguments;
}

type Float = { readonly shape: readonly number[]; readonly dtype: 'float32' };
const float = (...shape: number[]): Float => ({ shape, dtype: 'float32' });
const weightsOf = (model: Model) => model.layout.entries.map(({ shape }) => float(...shape));

/** Gradient of the mean cross-entropy in the weights. */
const gradient = (model: Model, weights: readonly Tensor[], x: Tensor, targets: Tensor) =>
  tf.grads((...w: Tensor[]) => crossEntropy(model.logits(w, x), targets))([...weights]);

const dot = (a: readonly Tensor[], b: readonly Tensor[]) =>
  tf.addN(a.map((item, at) => tf.sum(tf.mul(item, b[at] as Tensor))));

/** One SGD step with momentum .9 on a batch, drawn by index from a resident data set. */
function trainingStep(modelId: string, batch: number, examples: number): Workload {
  const model = findModel(modelId);
  const count = model.layout.entries.length;
  return {
    title: `${modelId} training step, batch ${batch}`,
    definition: {
      name: `${modelId}/sgd-step`,
      state: [...weightsOf(model), ...weightsOf(model)],
      constants: [float(examples, ...model.inputShape), { shape: [examples], dtype: 'int32' }],
      perStep: [{ shape: [batch], dtype: 'int32' }],
      step({ state, constants: [images, labels], perStep: [indices] }) {
        const weights = state.slice(0, count);
        const x = tf.gather(images as Tensor, indices as Tensor);
        const y = tf.gather(labels as Tensor, indices as Tensor);
        const { value, grads } = tf.valueAndGrads(
          (...w: Tensor[]) => crossEntropy(model.logits(w, x), y) as Scalar,
        )(weights);
        const moved = grads.map((slope, at) =>
          tf.add(tf.mul(0.9, state[count + at] as Tensor), slope),
        );
        const next = weights.map((w, at) => tf.sub(w, tf.mul(0.01, moved[at] as Tensor)));
        return { state: [...next, ...moved], outputs: [value] };
      },
    },
    arguments(steps) {
      const random = randomStream('bench', modelId);
      const weights = split(model, random);
      return {
        steps,
        state: [...weights, ...weights.map(zeros)],
        constants: [
          uniform([examples, ...model.inputShape], random),
          integers([examples], model.classes, random),
        ],
        perStep: [integers([steps, batch], examples, random)],
      };
    },
  };
}

/** One iteration of gradient inversion: Adam on a dummy image (and soft label). */
function inversion(
  title: string,
  modelId: string,
  cost: (model: Model, weights: readonly Tensor[], target: readonly Tensor[]) => Cost,
  signed: boolean,
): Workload {
  const model = findModel(modelId);
  const count = model.layout.entries.length;
  const unknowns = [float(1, ...model.inputShape), float(1, model.classes)];
  const [beta1, beta2, rate] = [0.9, 0.999, 0.1];
  return {
    title,
    definition: {
      name: `${modelId}/${title}`,
      state: [...unknowns, ...unknowns, ...unknowns],
      constants: [...weightsOf(model), ...weightsOf(model)],
      perStep: [float()],
      step({ state, constants, perStep: [step] }) {
        const compare = cost(model, constants.slice(0, count), constants.slice(count));
        const { value, grads } = tf.valueAndGrads((x: Tensor, label: Tensor) =>
          compare(x, tf.softmax(label)),
        )(state.slice(0, 2));
        const next = grads.map((raw, at) => {
          const slope = signed ? tf.sign(raw) : raw;
          const first = tf.add(tf.mul(beta1, state[2 + at] as Tensor), tf.mul(1 - beta1, slope));
          const second = tf.add(
            tf.mul(beta2, state[4 + at] as Tensor),
            tf.mul(1 - beta2, tf.square(slope)),
          );
          const unbiased = (moment: Tensor, beta: number) =>
            tf.div(moment, tf.sub(1, tf.pow(beta, step as Tensor)));
          const change = tf.div(
            unbiased(first, beta1),
            tf.add(tf.sqrt(unbiased(second, beta2)), 1e-8),
          );
          const moved = tf.sub(state[at] as Tensor, tf.mul(rate, change));
          return [at === 0 ? tf.clipByValue(moved, 0, 1) : moved, first, second] as const;
        });
        return {
          state: [0, 1, 2].flatMap((kind) => next.map((item) => item[kind] as Tensor)),
          outputs: [value],
        };
      },
    },
    arguments(steps) {
      const random = randomStream('bench', title);
      const state = unknowns.map(({ shape }) => uniform(shape, random));
      return {
        steps,
        state: [...state, ...state.map(zeros), ...state.map(zeros)],
        constants: [
          ...split(model, random),
          ...model.layout.entries.map(({ shape }) => uniform(shape, random, 0.1)),
        ],
        perStep: [
          { shape: [steps], data: Float32Array.from({ length: steps }, (_, at) => at + 1) },
        ],
      };
    },
  };
}

type Cost = (x: Tensor, label: Tensor) => Scalar;

/** Zhu et al. 2019: squared distance of the gradients. */
const squaredDistance =
  (model: Model, weights: readonly Tensor[], target: readonly Tensor[]): Cost =>
  (x, label) => {
    const difference = gradient(model, weights, x, label).map((item, at) =>
      tf.sub(item, target[at] as Tensor),
    );
    return dot(difference, difference) as Scalar;
  };

/** Geiping et al. 2020: cosine distance of the gradients plus total variation. */
const cosineDistance =
  (model: Model, weights: readonly Tensor[], target: readonly Tensor[]): Cost =>
  (x, label) => {
    const got = gradient(model, weights, x, label);
    const norms = tf.sqrt(tf.mul(dot(got, got), dot(target, target)));
    const [, height, width] = x.shape as [number, number, number];
    const down = tf.sub(tf.slice(x, [0, 1], [1, height - 1]), tf.slice(x, [0, 0], [1, height - 1]));
    const right = tf.sub(
      tf.slice(x, [0, 0, 1], [1, height, width - 1]),
      tf.slice(x, [0, 0, 0], [1, height, width - 1]),
    );
    const variation = tf.add(tf.mean(tf.abs(down)), tf.mean(tf.abs(right)));
    return tf.add(tf.sub(1, tf.div(dot(got, target), norms)), tf.mul(1e-2, variation)) as Scalar;
  };

/** Squared distance of the weight change of five full-batch SGD steps. */
const unrolled =
  (model: Model, weights: readonly Tensor[], target: readonly Tensor[]): Cost =>
  (x, label) => {
    let current = [...weights];
    for (let step = 0; step < 5; step++) {
      const slopes = gradient(model, current, x, label);
      current = current.map((w, at) => tf.sub(w, tf.mul(0.01, slopes[at] as Tensor)));
    }
    const difference = current.map((w, at) =>
      tf.sub(tf.sub(w, weights[at] as Tensor), target[at] as Tensor),
    );
    return dot(difference, difference) as Scalar;
  };

function split(model: Model, random: RandomStream): NdArray[] {
  return model.layout.split(model.initialize(random));
}
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const zeros = ({ shape }: NdArray): NdArray => ({ shape, data: new Float32Array(sizeOf(shape)) });
function uniform(shape: readonly number[], random: RandomStream, scale = 1): NdArray {
  const length = sizeOf(shape);
  return { shape, data: Float32Array.from({ length }, () => scale * random.uniform()) };
}
function integers(shape: readonly number[], bound: number, random: RandomStream): NdArray {
  const length = sizeOf(shape);
  return { shape, data: Int32Array.from({ length }, () => random.integer(bound)) };
}

/** One step of plain SGD as the federation takes it: batch norm by the batch's own statistics. */
function federatedStep(modelId: string, batch: number): Workload {
  const model = findModel(modelId);
  return {
    title: `${modelId} training step, batch ${batch}`,
    heavy: true,
    definition: sgdStep(model, batch),
    arguments(steps) {
      const random = randomStream('bench', modelId);
      const labels = new Float32Array(steps * batch * model.classes);
      for (let at = 0; at < steps * batch; at++)
        labels[at * model.classes + random.integer(model.classes)] = 1 / batch;
      return {
        steps,
        state: split(model, random),
        constants: [{ shape: [], data: Float32Array.of(0.01) }],
        perStep: [
          uniform([steps, batch, ...model.inputShape], random),
          { shape: [steps, batch, model.classes], data: labels },
        ],
      };
    },
  };
}

/** One step of SGD on a small GPT. */
function languageModelStep(settings: GptSettings, batch: number): Workload {
  const { layers, width, time, vocabulary } = settings;
  const shapes = gptShapes(settings);
  const tokens = { shape: [batch, time], dtype: 'int32' as const };
  return {
    title: `GPT ${layers} × ${width} training step, ${batch} × ${time} tokens`,
    heavy: true,
    definition: {
      name: 'gpt/sgd-step',
      state: shapes.map((shape) => float(...shape)),
      constants: [],
      perStep: [tokens, tokens],
      step({ state, perStep: [inputs, targets] }) {
        const { value, grads } = tf.valueAndGrads((...w: Tensor[]) => {
          const logits = gptLogits(settings, w, inputs as Tensor);
          return crossEntropy(logits, tf.reshape(targets as Tensor, [-1])) as Scalar;
        })([...state]);
        const next = state.map((w, at) => tf.sub(w, tf.mul(0.01, grads[at] as Tensor)));
        return { state: next, outputs: [value] };
      },
    },
    arguments(steps) {
      const random = randomStream('bench', 'gpt');
      const draw = () => integers([steps, batch, time], vocabulary, random);
      return {
        steps,
        state: shapes.map((shape) => {
          // Scales of layer norm (vectors) start at one, everything else small.
          const around = uniform(shape, random, 0.05);
          const data = around.data.map((value) => (shape.length === 1 ? 1 + value : value - 0.025));
          return { shape, data };
        }),
        perStep: [draw(), draw()],
      };
    },
  };
}

const GPT: GptSettings = { layers: 4, width: 256, heads: 4, time: 128, vocabulary: 256 };

/** By the name under which `engine-torch.py` has the same program. */
export const workloads: Readonly<Record<string, Workload>> = {
  'lenet-step': trainingStep('lenet-5', 32, 640),
  'lenet-step-1': trainingStep('lenet-5', 1, 640),
  'mlp-step': trainingStep('mlp-texas', 32, 320),
  'resnet-step': federatedStep('resnet-18', 32),
  'gpt-step': languageModelStep(GPT, 8),
  'dlg-iteration': inversion('DLG iteration, dlg-lenet', 'dlg-lenet', squaredDistance, false),
  'ig-iteration': inversion(
    'Inverting Gradients iteration, dlg-lenet',
    'dlg-lenet',
    cosineDistance,
    true,
  ),
  'unroll-5': inversion('5 unrolled SGD steps, dlg-lenet', 'dlg-lenet', unrolled, false),
  'shadow-step': trainingStep('lenet-5', 10, 500),
};

/** Workloads of which many are run side by side: image-iterations, steps of shadow models. */
export const throughputs: Readonly<Record<string, string>> = {
  'dlg-iteration': 'DLG image-iterations on all cores',
  'shadow-step': 'shadow-model training steps (lenet-5, batch 10) on all cores',
};
