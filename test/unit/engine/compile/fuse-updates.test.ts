import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuseUpdates } from '../../../../src/engine/compile/fuse-updates.ts';
import { liveNodes } from '../../../../src/engine/compile/graph.ts';
import { traceStep } from '../../../../src/engine/compile/trace.ts';
import type { Engine, ProgramDefinition, TensorSpec } from '../../../../src/engine/program.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';
import { inTurns } from '../../../../src/engine/turns.ts';
import { expectAgreement, normal, type Operation } from './agreement.ts';
import { openTestEngine } from './open-test-engine.ts';

const engine = (await openTestEngine()) as Engine;

type Update = (w: Tensor, a: Tensor2D, b: Tensor2D, s: Tensor) => Tensor[];
const product = (a: Tensor2D, b: Tensor2D) => tf.matMul(a, b, true);

const updates: Record<string, [step: Update, operations: string[]]> = {
  'w − s·AB with s known': [(w, a, b) => [tf.sub(w, tf.mul(0.1, product(a, b)))], ['Gemm']],
  'w + s·AB with s known': [(w, a, b) => [tf.add(w, tf.mul(product(a, b), 0.1))], ['Gemm']],
  's·AB + w with s given': [(w, a, b, s) => [tf.add(tf.mul(s, product(a, b)), w)], ['Mul', 'Gemm']],
  'w − s·AB with s given': [
    (w, a, b, s) => [tf.sub(w, tf.mul(s, product(a, b)))],
    ['Neg', 'Mul', 'Gemm'],
  ],
  'c·w + AB': [(w, a, b) => [tf.add(tf.mul(0.9, w), product(a, b))], ['Mul', 'Gemm']],
  'w − AB': [(w, a, b) => [tf.sub(w, product(a, b))], ['Gemm']],
  's·AB − w': [(w, a, b, s) => [tf.sub(tf.mul(s, product(a, b)), w)], ['Gemm', 'Mul', 'Sub']],
  'a product that is an output too': [
    (w, a, b) => {
      const slope = product(a, b);
      return [tf.sub(w, tf.mul(0.1, slope)), slope];
    },
    ['Gemm', 'Mul', 'Sub'],
  ],
  'a factor for each column': [
    (w, a, b) => [tf.sub(w, tf.mul(product(a, b), tf.slice(b, [0, 0], [1, -1])))],
    ['Slice', 'Gemm', 'Mul', 'Sub'],
  ],
};

const float = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });

async function operationsOf(step: Update, rows: number, columns: number): Promise<string[]> {
  const definition: ProgramDefinition = {
    name: 'update',
    state: [float(rows, columns), float(4, rows), float(4, columns), float()],
    constants: [],
    perStep: [],
    step: ({ state }) => ({
      state,
      outputs: step(...(state as [Tensor, Tensor2D, Tensor2D, Tensor])),
    }),
  };
  const { graph, nextState, outputs } = await inTurns(traceStep(definition));
  const ends = [...nextState, ...outputs];
  return fuseUpdates(graph, liveNodes(graph.nodes, ends), ends).map(({ op }) => op);
}

describe('updates of large matrices by a product', () => {
  for (const [name, [step, operations]] of Object.entries(updates))
    test(`${name}: ${operations.join(', ')}`, async () => {
      expect((await operationsOf(step, 256, 300)).toSorted()).toEqual(operations.toSorted());
    });

  test('a small matrix is left as it is', async () => {
    const [step] = updates['w − s·AB with s known'] as [Update, string[]];
    expect(await operationsOf(step, 16, 16)).toEqual(['Gemm', 'Mul', 'Sub']);
  });

  for (const [name, [step]] of Object.entries(updates))
    test.skipIf(!engine)(`${name}, as on the CPU backend`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 256, max: 270 }),
          fc.integer({ min: 256, max: 270 }),
          fc.integer({ min: 1, max: 6 }),
          fc.integer(),
          (rows, columns, depth, seed) => {
            const random = randomStream(seed);
            const shapes = [[rows, columns], [depth, rows], [depth, columns], []];
            const inputs = shapes.map((shape) => normal(shape, random));
            return expectAgreement(engine, step as Operation, inputs, 0);
          },
        ),
        { numRuns: 2 },
      ),
    );
});
