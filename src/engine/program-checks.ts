import type { Tensor } from '@tensorflow/tfjs-core';
import type {
  NdArray,
  ProgramDefinition,
  RunArguments,
  StepResult,
  TensorSpec,
} from './program.ts';

/**
 * Checks what a program is run with against what it was compiled for.
 *
 * @throws {TypeError} naming the argument whose number, shape, type or length is not the declared
 *   one.
 */
export function checkArguments(definition: ProgramDefinition, args: RunArguments): void {
  const { steps, state, constants = [], perStep = [] } = args;
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new TypeError(`${definition.name} runs a positive whole number of steps, not ${steps}`);
  checkGroup(definition, 'state', definition.state, state);
  checkGroup(definition, 'constants', definition.constants, constants);
  const stacked = definition.perStep.map((spec) => ({ ...spec, shape: [steps, ...spec.shape] }));
  checkGroup(definition, 'perStep', stacked, perStep);
}

function checkGroup(
  { name }: ProgramDefinition,
  group: 'state' | 'constants' | 'perStep',
  specs: readonly TensorSpec[],
  values: readonly NdArray[],
): void {
  if (values.length !== specs.length)
    throw new TypeError(`${name} takes ${specs.length} ${group}, not ${values.length}`);
  specs.forEach((spec, at) => {
    const { shape, data } = values[at] as NdArray;
    const argument = `${group}[${at}] of ${name}`;
    if (!sameShape(shape, spec.shape))
      throw new TypeError(`${argument} has shape [${shape}], not [${spec.shape}]`);
    const wanted = spec.dtype === 'int32' ? Int32Array : Float32Array;
    if (!(data instanceof wanted))
      throw new TypeError(
        `${argument} is ${spec.dtype} and takes a ${wanted.name}, not a ${data?.constructor?.name}`,
      );
    const size = spec.shape.reduce((product, length) => product * length, 1);
    if (data.length !== size)
      throw new TypeError(`${argument} holds ${data.length} values, not ${size}`);
  });
}

/**
 * Checks what a step returned.
 *
 * @throws {TypeError} when the state is not shaped as it was, or an output is neither float32 nor
 *   int32.
 */
export function checkStep(
  { name, state: specs }: ProgramDefinition,
  { state, outputs }: StepResult,
): void {
  if (state.length !== specs.length)
    throw new TypeError(`the step of ${name} returns ${state.length} states, not ${specs.length}`);
  specs.forEach((spec, at) => {
    const { shape, dtype } = state[at] as Tensor;
    if (!sameShape(shape, spec.shape) || dtype !== spec.dtype)
      throw new TypeError(
        `the step of ${name} turns state[${at}] from ${spec.dtype} [${spec.shape}] into ${dtype} [${shape}]`,
      );
  });
  outputs.forEach(({ dtype }, at) => {
    if (dtype !== 'float32' && dtype !== 'int32')
      throw new TypeError(`outputs[${at}] of ${name} is ${dtype}; cast it to float32 or int32`);
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
