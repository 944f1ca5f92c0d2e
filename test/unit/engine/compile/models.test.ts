import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { EagerEngine } from '../../../../src/engine/eager.ts';
import type { Engine, NdArray, ProgramDefinition } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { crossEntropy } from '../../../../src/models/loss.ts';
import { findModel } from '../../../../src/models/registry.ts';
import { normal } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;
const float = (shape: readonly number[]) => ({ shape, dtype: 'float32' as const });
const BATCH = 2;
const STEPS = 2;

const gradientOf = (id: string, weights: readonly Tensor[], x: Tensor, y: Tensor) =>
  tf.valueAndGrads((...w: Tensor[]) => crossEntropy(findModel(id).logits(w, x), y) as Scalar)([
    ...weights,
  ]);

/** SGD with weight decay and clipping. */
function training(id: string): ProgramDefinition {
  const model = findModel(id);
  return {
    name: `${id}/training`,
    state: model.layout.entries.map(({ shape }) => float(shape)),
    constants: [],
    perStep: [float([BATCH, ...model.inputShape]), { shape: [BATCH], dtype: 'int32' }],
    step({ state, perStep: [x, y] }) {
      const { value, grads } = gradientOf(id, state, x as Tensor, y as Tensor);
      const norm = tf.sqrt(tf.addN(grads.map((slope) => tf.sum(tf.square(slope)))));
      const scale = tf.div(1, tf.maximum(norm, 1));
      const next = state.map((w, at) =>
        tf.sub(w, tf.mul(0.1, tf.add(tf.mul(scale, grads[at] as Tensor), tf.mul(1e-3, w)))),
      );
      return { state: next, outputs: [value, norm] };
    },
  };
}

/** One gradient step on an image and a soft label towards a given weight gradient. */
function inversion(id: string): ProgramDefinition {
  const model = findModel(id);
  const weights = model.layout.entries.map(({ shape }) => float(shape));
  const unknowns = [float([1, ...model.inputShape]), float([1, model.classes])];
  return {
    name: `${id}/inversion`,
    state: unknowns,
    constants: [...weights, ...weights],
    perStep: [],
    step({ state, constants }) {
      const cost = (x: Tensor, label: Tensor) => {
        const { grads } = gradientOf(id, constants.slice(0, weights.length), x, tf.softmax(label));
        const parts = grads.map((slope, at) =>
          tf.sum(tf.square(tf.sub(slope, constants[weights.length + at] as Tensor))),
        );
        return tf.addN(parts) as Scalar;
      };
      const { value, grads } = tf.valueAndGrads(cost)([...state]);
      return {
        state: state.map((v, at) => tf.sub(v, tf.mul(1e-3, grads[at] as Tensor))),
        outputs: [value],
      };
    },
  };
}

/** ‖a − b‖ / ‖b‖ */
function distance(a: NdArray, b: NdArray): number {
  let [difference, norm] = [0, 0];
  b.data.forEach((value, at) => {
    difference += (value - (a.data[at] as number)) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / Math.max(norm, 1e-12));
}

async function expectSame(
  definition: ProgramDefinition,
  perStep: readonly NdArray[] = [],
): Promise<void> {
  const random = randomStream(definition.name);
  const given = (specs: ProgramDefinition['state']) =>
    specs.map(({ shape }) => {
      const { data } = normal(shape, random);
      return { shape, data: Float32Array.from(data, (value) => 0.2 * value) };
    });
  const [state, constants] = [given(definition.state), given(definition.constants)];
  const args = { steps: STEPS, state, constants, perStep };
  const eager = await new EagerEngine('cpu', 'cpu', '').compile(definition);
  const program = await engine.compile(definition);
  const [got, wanted] = [await program.run(args), await eager.run(args)];
  program.dispose();
  for (const part of ['state', 'outputs'] as const)
    wanted[part].forEach((array, at) => {
      expect(distance(got[part][at] as NdArray, array), `${part} ${at}`).toBeLessThan(1e-4);
    });
}

describe.skipIf(!engine)('the models of the suite as on the CPU backend', () => {
  test.each(['lenet-5', 'dlg-lenet', 'mlp-2fc'])('two training steps of %s', (id) => {
    const { inputShape, classes } = findModel(id);
    const random = randomStream(id);
    const labels = Int32Array.from({ length: STEPS * BATCH }, () => random.integer(classes));
    return expectSame(training(id), [
      normal([STEPS, BATCH, ...inputShape], random),
      { shape: [STEPS, BATCH], data: labels },
    ]);
  });

  test.each(['lenet-5', 'dlg-lenet', 'mlp-2fc'])('two inversion steps against %s', (id) =>
    expectSame(inversion(id)),
  );
});
