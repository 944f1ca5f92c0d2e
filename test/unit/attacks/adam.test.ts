import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { adamStep, adamStepSize } from '../../../attacks/optimisers/adam.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { engine } from './setting.ts';

test('ten Adam steps on a quadratic are those of the published algorithm', async () => {
  const scales = [1, 10, 100];
  const program = await engine.compile({
    name: 'test/adam',
    state: Array.from({ length: 3 }, () => ({ shape: [3], dtype: 'float32' as const })),
    constants: [{ shape: [3], dtype: 'float32' }],
    perStep: [{ shape: [], dtype: 'float32' }],
    step({ state, constants: [scale], perStep: [stepSize] }) {
      const [point, mean, square] = state as [Tensor, Tensor, Tensor];
      const gradient = tf.mul(point, scale as Tensor);
      const next = adamStep({ point, mean, square }, gradient, stepSize as Tensor);
      return { state: [next.point, next.mean, next.square], outputs: [] };
    },
  });
  const vector = (...data: number[]) => ({ shape: [3], data: Float32Array.from(data) });
  const sizes = Float32Array.from({ length: 10 }, (_, step) => adamStepSize(0.1, step));
  const { state } = await program.run({
    steps: 10,
    state: [vector(1, -1, 0.5), vector(0, 0, 0), vector(0, 0, 0)],
    constants: [vector(...scales)],
    perStep: [{ shape: [10], data: sizes }],
  });
  program.dispose();

  // Kingma & Ba 2015, algorithm 1, in float64.
  const expected = [1, -1, 0.5].map((start, at) => {
    let [x, m, v] = [start, 0, 0];
    for (let t = 1; t <= 10; t++) {
      const g = (scales[at] as number) * x;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      x -= (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    }
    return x;
  });
  expected.forEach((value, at) => {
    expect(state[0]?.data[at]).toBeCloseTo(value, 4);
  });
});
