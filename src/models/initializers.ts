import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from './layout.ts';

/**
 * PyTorch's default: weight and bias of a layer uniform in ±1/√fan_in, fan_in being the number of
 * inputs of one output (all axes of the weight but the last).
 */
export function uniformByFanIn(layout: ParameterLayout, random: RandomStream): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { name, layer, offset, size } of layout.entries) {
    const weight = layout.entries.find((entry) => entry.layer === layer && entry.kind === 'weight');
    if (!weight) throw new RangeError(`${name} belongs to no weight`);
    const fanIn = weight.size / (weight.shape.at(-1) as number);
    fillUniform(flat.subarray(offset, offset + size), 1 / Math.sqrt(fanIn), random);
  }
  return flat;
}

/** Every parameter uniform in ±bound. */
export function uniform(layout: ParameterLayout, bound: number, random: RandomStream) {
  const flat = new Float32Array(layout.size);
  fillUniform(flat, bound, random);
  return flat;
}

function fillUniform(values: Float32Array, bound: number, random: RandomStream): void {
  for (let at = 0; at < values.length; at++) values[at] = bound * (2 * random.uniform() - 1);
}
