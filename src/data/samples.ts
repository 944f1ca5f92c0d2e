import { randomStream } from '../engine/random.ts';
import type { LabelledSamples } from './dataset.ts';

/** The samples at `indices`, in that order; a copy. */
export function takeSamples(samples: LabelledSamples, indices: ArrayLike<number>): LabelledSamples {
  const size = sampleSize(samples.inputShape);
  const count = indices.length;
  const inputs = new Float32Array(count * size);
  const labels = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const index = indices[at] as number;
    if (!(index >= 0 && index < samples.count))
      throw new RangeError(`no sample ${index} among ${samples.count}`);
    inputs.set(samples.inputs.subarray(index * size, (index + 1) * size), at * size);
    labels[at] = samples.labels[index] as number;
  }
  return { count, inputShape: samples.inputShape, inputs, labels };
}

/** Number of values in one sample. */
export function sampleSize(inputShape: readonly number[]): number {
  return inputShape.reduce((product, length) => product * length, 1);
}

/** Mean sample, [...inputShape] flat. */
export function meanSample(samples: LabelledSamples): Float32Array {
  const size = sampleSize(samples.inputShape);
  const sum = new Float64Array(size);
  for (let at = 0; at < samples.inputs.length; at++)
    sum[at % size] = (sum[at % size] as number) + (samples.inputs[at] as number);
  return Float32Array.from(sum, (value) => (samples.count === 0 ? 0 : value / samples.count));
}

/**
 * Which samples a limit keeps: the first `limit` of a random order that belongs to the data set, so
 * that every experiment seed sees the same subset and a smaller limit is a subset of a larger one.
 */
export function limitedIndices(
  id: string,
  part: 'train' | 'test',
  count: number,
  limit: number | undefined,
): Uint32Array {
  if (limit === undefined || limit === count)
    return Uint32Array.from({ length: count }, (_, index) => index);
  if (!Number.isInteger(limit) || limit < 1 || limit > count)
    throw new RangeError(
      `The ${part} samples of ${id} can't be limited to ${limit}: there are ${count}, so the limit is a whole number from 1 to ${count}.`,
    );
  return limitOrder(id, part, count).slice(0, limit);
}

/** The order in which a limit keeps samples. */
export function limitOrder(id: string, part: 'train' | 'test', count: number): Uint32Array {
  return randomStream(0, 'data-limit', id, part).permutation(count);
}
