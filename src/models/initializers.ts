import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from './layout.ts';

/**
 * PyTorch's default: weight and bias of a layer uniform in ±1/√fan_in, fan_in being the number of
 * inputs of one output (all axes of the weight but the last). A batch-norm layer, the kind that has
 * buffers, starts as the identity: scale and running variance 1, all else 0.
 */
export function uniformByFanIn(layout: ParameterLayout, random: RandomStream): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { name, kind, layer, offset, size } of layout.entries) {
    const ofLayer = layout.entries.filter((entry) => entry.layer === layer);
    const values = flat.subarray(offset, offset + size);
    if (ofLayer.some((entry) => entry.kind === 'buffer')) {
      values.fill(kind === 'weight' || name.endsWith('.running_var') ? 1 : 0);
      continue;
    }
    const weight = ofLayer.find((entry) => entry.kind === 'weight');
    if (!weight) throw new RangeError(`${name} belongs to no weight`);
    const fanIn = weight.size / (weight.shape.at(-1) as number);
    fillUniform(values, 1 / Math.sqrt(fanIn), random);
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
