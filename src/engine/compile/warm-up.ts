import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { ProgramDefinition } from '../program.ts';
import { tf } from '../tensors.ts';
import { inTurns } from '../turns.ts';
import { writeLoop } from './loop.ts';
import { traceStep } from './trace.ts';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' as const });

/** A step of training on one image, of the operations that most programs have. */
const smallStep: ProgramDefinition = {
  name: 'warm-up',
  state: [float(3, 3, 1, 2), float(8, 2), float(2)],
  constants: [float()],
  perStep: [float(1, 4, 4, 1)],
  step({ state, constants: [rate], perStep: [image] }) {
    const loss = (filter: Tensor, weights: Tensor, bias: Tensor) => {
      const x = tf.conv2d(image as Tensor4D, filter as Tensor4D, 2, 'same');
      const centred = tf.div(tf.sub(x, tf.mean(x)), tf.sqrt(tf.add(tf.mean(tf.square(x)), 1)));
      const flat = tf.reshape(tf.relu(centred), [1, 8]) as Tensor2D;
      return tf.neg(
        tf.sum(tf.logSoftmax(tf.add(tf.matMul(flat, weights as Tensor2D), bias))),
      ) as Tensor;
    };
    const slopes = tf.grads(loss)([...state]);
    const move = (w: Tensor, at: number) => tf.sub(w, tf.mul(rate as Tensor, slopes[at] as Tensor));
    return { state: state.map(move), outputs: [] };
  },
};

/** So often that V8 has translated the busiest functions of tfjs. */
const TIMES = 8;

let warmed: Promise<void> | undefined;

/**
 * Compiles a small step some times, once per process, each in a turn of the event loop: the first large
 * step, which blocks the loop while it is traced, is traced in two thirds of the time then (measured).
 */
export function warmUp(): Promise<void> {
  warmed ??= repeat();
  return warmed;
}

async function repeat(): Promise<void> {
  for (let time = 0; time < TIMES; time++)
    await inTurns(writeLoop(await inTurns(traceStep(smallStep))));
}
