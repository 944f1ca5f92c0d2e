import { existsSync, readFileSync } from 'node:fs';
import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { NdArray, ProgramDefinition } from '../../../../src/engine/program.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { batchNorm } from '../../../../src/models/batch-norm.ts';

/** Float64 second-order gradients; `about` in the file says how they were made. */
const REFERENCES = new URL(
  '../../../../../shared/data/gradients/second-order.json',
  import.meta.url,
);

interface Encoded {
  readonly shape: number[];
  readonly f64: string;
}
export interface ReferenceCase {
  /** Of the architecture. */
  readonly name: string;
  readonly cost: 'l2' | 'cos' | 'unroll5';
  readonly lr: number | null;
  readonly labels: number[];
  readonly params: Encoded[];
  readonly x_target: Encoded;
  readonly x0: Encoded;
  readonly value: number;
  readonly grad: Encoded;
}

const cases: readonly ReferenceCase[] = existsSync(REFERENCES)
  ? (JSON.parse(readFileSync(REFERENCES, 'utf8')) as { cases: ReferenceCase[] }).cases
  : [];

/** The cases, or none where the reference data is not at hand. */
export function referenceCases(): readonly ReferenceCase[] {
  return cases;
}

export function decode({ shape, f64 }: Encoded): NdArray & { readonly exact: Float64Array } {
  const bytes = Uint8Array.from(Buffer.from(f64, 'base64'));
  const exact = new Float64Array(bytes.buffer);
  return { shape, data: Float32Array.from(exact), exact };
}

type Logits = (weights: readonly Tensor[], x: Tensor) => Tensor2D;

/** Convolutions 5×5, then a dense layer; `strided` instead of pooling. */
const lenet =
  (activation: (x: Tensor) => Tensor, pool: 'strided' | 'avg' | 'max'): Logits =>
  (w, x) => {
    const image = [0, 1, 2].reduce((h, layer) => {
      const stride = pool === 'strided' && layer < 2 ? 2 : 1;
      const kernel = w[2 * layer] as Tensor4D;
      const z = activation(tf.add(tf.conv2d(h, kernel, stride, 2), w[2 * layer + 1] as Tensor));
      if (pool === 'strided' || layer === 2) return z as Tensor4D;
      const pooling = pool === 'avg' ? tf.avgPool : tf.maxPool;
      return pooling(z as Tensor4D, 2, 2, 'valid');
    }, x as Tensor4D);
    const flat = tf.reshape(image, [image.shape[0], -1]);
    return tf.add(tf.matMul(flat, w[6] as Tensor2D), w[7] as Tensor) as Tensor2D;
  };

const mlp: Logits = (w, x) =>
  [0, 1, 2].reduce((h, layer) => {
    const z = tf.add(tf.matMul(h, w[2 * layer] as Tensor2D), w[2 * layer + 1] as Tensor);
    return (layer === 2 ? z : tf.tanh(z)) as Tensor2D;
  }, x as Tensor2D);

/**
 * Running mean and variance of every batch norm below, which the file doesn't state. Fitted to the two cases
 * without any assumption, the 48 numbers came out near these; at exactly these, losses, norms, costs
 * and all 768 numbers of both cases' gradients agree within 2e-15 in float64.
 */
const runningMean = () => tf.linspace(-0.1, 0.1, 8);
const runningVariance = () => tf.linspace(0.5, 1.5, 8);

/** Two convolutions with batch norm in evaluation mode beside a skip connection, behind a third. */
const residualBlock: Logits = (w, x) => {
  const layer = (h: Tensor, at: number) => {
    const z = tf.conv2d(h as Tensor4D, w[3 * at] as Tensor4D, 1, 'same');
    const [scale, shift] = [w[3 * at + 1] as Tensor, w[3 * at + 2] as Tensor];
    return batchNorm(z, [scale, shift, runningMean(), runningVariance(), tf.scalar(0)]);
  };
  const stem = tf.relu(layer(x, 0));
  const block = tf.relu(tf.add(layer(tf.relu(layer(stem, 1)), 2), stem));
  const pooled = tf.mean(block, [1, 2]) as Tensor2D;
  return tf.add(tf.matMul(pooled, w[9] as Tensor2D), w[10] as Tensor) as Tensor2D;
};

export const HEADS = 2;

/** One pre-norm transformer block over given embeddings. */
const gptBlock: Logits = (w, x) => {
  const [batch, time, width] = x.shape as [number, number, number];
  const norm = (h: Tensor, scale?: Tensor, offset?: Tensor) => {
    const { mean, variance } = tf.moments(h, -1, true);
    const unit = tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(unit, scale as Tensor), offset as Tensor);
  };
  const dense = (h: Tensor, kernel?: Tensor, bias?: Tensor) => {
    const flat = tf.reshape(h, [batch * time, -1]) as Tensor2D;
    const z = tf.matMul(flat, kernel as Tensor2D);
    return tf.reshape(bias ? tf.add(z, bias) : z, [batch, time, -1]);
  };
  const gelu = (h: Tensor) => tf.mul(tf.mul(0.5, h), tf.add(1, tf.erf(tf.div(h, Math.SQRT2))));
  const qkv = tf.split(dense(norm(x, w[0], w[1]), w[2], w[3]), 3, -1);
  const [q, k, v] = qkv.map((part) =>
    tf.transpose(tf.reshape(part, [batch, time, HEADS, width / HEADS]), [0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor];
  const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(width / HEADS));
  const after = Array.from({ length: time * time }, (_, at) =>
    at % time > Math.floor(at / time) ? -1e9 : 0,
  );
  const weights = tf.softmax(tf.add(scores, tf.tensor(after, [time, time])));
  const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [batch, time, width]);
  const attended = tf.add(x, dense(mixed, w[4], w[5]));
  const hidden = gelu(dense(norm(attended, w[6], w[7]), w[8], w[9]));
  const out = norm(tf.add(attended, dense(hidden, w[10], w[11])), w[12], w[13]);
  return tf.reshape(dense(out, w[14]), [batch * time, -1]) as Tensor2D;
};

const ARCHITECTURES: Record<string, Logits> = {
  'lenet/strided/sigmoid': lenet(tf.sigmoid, 'strided'),
  'lenet/avgpool/tanh': lenet(tf.tanh, 'avg'),
  'lenet/maxpool/relu': lenet(tf.relu, 'max'),
  'mlp/tanh': mlp,
  'gpt-block': gptBlock,
  'resblock/bn-eval': residualBlock,
};

/** The cost of a case and its gradient in x, as a program of one step: state is x. */
export function costProgram(reference: ReferenceCase): ProgramDefinition {
  const logits = ARCHITECTURES[reference.name] as Logits;
  const params = reference.params.map(({ shape }) => ({ shape, dtype: 'float32' as const }));
  const { labels, lr } = reference;
  const classes = reference.params.at(-1)?.shape.at(-1) as number;
  const x = { shape: reference.x0.shape, dtype: 'float32' as const };
  // tf.losses.softmaxCrossEntropy has a gradient of its own that loses part of the second order.
  const crossEntropy = (z: Tensor2D) => {
    const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
    return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(z)), -1))) as Scalar;
  };
  const gradient = (weights: readonly Tensor[], image: Tensor) =>
    tf.grads((...w: Tensor[]) => crossEntropy(logits(w, image)))([...weights]);
  const change = (weights: readonly Tensor[], image: Tensor) => {
    let current = [...weights];
    for (let step = 0; step < 5; step++) {
      const slope = gradient(current, image);
      current = current.map((w, at) => tf.sub(w, tf.mul(lr as number, slope[at] as Tensor)));
    }
    return current.map((w, at) => tf.sub(w, weights[at] as Tensor));
  };
  const dot = (a: readonly Tensor[], b: readonly Tensor[]) =>
    tf.addN(a.map((item, at) => tf.sum(tf.mul(item, b[at] as Tensor))));
  const compare = reference.cost === 'unroll5' ? change : gradient;
  return {
    name: `${reference.name}/${reference.cost}`,
    state: [x],
    constants: [x, ...params],
    perStep: [],
    step({ state, constants }) {
      const [target, ...weights] = constants as [Tensor, ...Tensor[]];
      const wanted = compare(weights, target);
      const cost = (image: Tensor) => {
        const got = compare(weights, image);
        if (reference.cost === 'cos')
          return tf.sub(
            1,
            tf.div(dot(got, wanted), tf.sqrt(tf.mul(dot(got, got), dot(wanted, wanted)))),
          ) as Scalar;
        const difference = got.map((item, at) => tf.sub(item, wanted[at] as Tensor));
        return dot(difference, difference) as Scalar;
      };
      const { value, grad } = tf.valueAndGrad(cost)(state[0] as Tensor);
      return { state: [...state], outputs: [value, grad] };
    },
  };
}
