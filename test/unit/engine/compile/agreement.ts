import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { EagerEngine } from '../../../../src/engine/eager.ts';
import type { Engine, NdArray, ProgramDefinition } from '../../../../src/engine/program.ts';
import { type RandomStream, randomStream } from '../../../../src/engine/random.ts';
import { tf } from '../../../../src/engine/tensors.ts';

const eager = new EagerEngine('cpu', 'cpu', 'the reference of these tests');

export type Operation = (...x: Tensor[]) => Tensor | Tensor[];

/** Seeded normal numbers. */
export function normal(shape: readonly number[], random: RandomStream): NdArray {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, () => random.normal()) };
}

const typeOf = ({ data }: NdArray) =>
  data instanceof Int32Array ? ('int32' as const) : ('float32' as const);

/** How far derivatives are compared; 0 compares the operation alone. */
export type Order = 0 | 1 | 2;

/**
 * Expects an operation and its derivatives, along random directions, to agree on the compiled
 * engine and on tfjs's CPU backend, within `tolerance` of the largest number.
 */
export async function expectAgreement(
  engine: Engine,
  operation: Operation,
  inputs: readonly NdArray[],
  order: Order = 2,
  tolerance = 5e-5,
): Promise<void> {
  const random = randomStream('directions', inputs.length);
  const results = [operation(...inputs.map(toTensor))].flat();
  const directions = results.map(({ shape }) => normal(shape, random));
  const floats = inputs.filter((input) => typeOf(input) === 'float32');
  const second = floats.map(({ shape }) => normal(shape, random));
  for (const result of results) result.dispose();

  const definition: ProgramDefinition = {
    name: 'agreement',
    state: inputs.map((input) => ({ shape: input.shape, dtype: typeOf(input) })),
    constants: [...directions, ...second].map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [],
    step({ state, constants }) {
      const outputs = [operation(...state)].flat().map(asNumbers);
      const first = constants.slice(0, directions.length);
      const isFloat = state.map(({ dtype }) => dtype === 'float32');
      const variables = state.filter((_, at) => isFloat[at]);
      const along = (...x: Tensor[]) => {
        let next = 0;
        const given = state.map((tensor, at) => (isFloat[at] ? (x[next++] as Tensor) : tensor));
        return dot([operation(...given)].flat(), first);
      };
      const gradients = (...x: Tensor[]) => tf.grads(along)(x);
      if (order >= 1) outputs.push(...gradients(...variables));
      if (order === 2)
        outputs.push(
          ...tf.grads((...x: Tensor[]) =>
            tf.add(
              dot(gradients(...x), constants.slice(directions.length)),
              // Keeps every variable in the second derivative, also where it is zero.
              tf.addN(x.map((item) => tf.mul(0, tf.sum(item)))),
            ),
          )(variables),
        );
      return { state: [...state], outputs };
    },
  };
  const args = { steps: 1, state: inputs, constants: [...directions, ...second] };
  const [compiled, reference] = [await engine.compile(definition), await eager.compile(definition)];
  const [got, wanted] = [await compiled.run(args), await reference.run(args)];
  compiled.dispose();
  reference.dispose();
  wanted.outputs.forEach((output, at) => {
    expectClose(got.outputs[at] as NdArray, output, `output ${at}`, tolerance);
  });
}

function dot(a: readonly Tensor[], b: readonly Tensor[]): Scalar {
  return tf.addN(a.map((item, at) => tf.sum(tf.mul(item, b[at] as Tensor)))) as Scalar;
}

const asNumbers = (tensor: Tensor): Tensor =>
  tensor.dtype === 'bool' ? tf.cast(tensor, 'int32') : tensor;

const toTensor = ({ data, shape }: NdArray): Tensor =>
  tf.tensor(data.slice(), [...shape], data instanceof Int32Array ? 'int32' : 'float32');

export function expectClose(got: NdArray, wanted: NdArray, name: string, tolerance = 5e-5): void {
  expect(got.shape, name).toEqual(wanted.shape);
  const largest = Array.from(wanted.data).reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  let worst = 0;
  wanted.data.forEach((value, at) => {
    const difference = Math.abs(value - (got.data[at] as number));
    if (!(difference <= worst)) worst = difference;
  });
  expect(worst / largest, `${name}: error relative to the largest number`).toBeLessThan(tolerance);
}
