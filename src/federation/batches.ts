import type { LabelledSamples } from '../data/dataset.ts';
import { sampleSize } from '../data/samples.ts';
import type { NdArray } from '../engine/program.ts';

/**
 * Samples dealt into batches of one size, the last one padded with zero images that have no target
 * and so no weight in any loss.
 */
export interface Batches {
  readonly steps: number;
  /** [steps, batchSize, ...inputShape]. */
  readonly inputs: NdArray;
  /** [steps, batchSize, classes]: the sample's weight in its batch's loss at its class, else 0. */
  readonly targets: NdArray;
}

/**
 * @param order the samples to deal out, in this order
 * @param weight a sample's weight in the loss of a batch with `inBatch` real samples
 * @throws {RangeError} when a label is outside 0 … classes-1
 */
export function dealBatches(
  samples: LabelledSamples,
  order: ArrayLike<number>,
  batchSize: number,
  classes: number,
  weight: (inBatch: number) => number,
): Batches {
  const steps = Math.ceil(order.length / batchSize);
  const size = sampleSize(samples.inputShape);
  const inputs = new Float32Array(steps * batchSize * size);
  const targets = new Float32Array(steps * batchSize * classes);
  for (let at = 0; at < order.length; at++) {
    const sample = order[at] as number;
    const label = samples.labels[sample] as number;
    if (!(label >= 0 && label < classes))
      throw new RangeError(`sample ${sample} has label ${label}, outside 0 … ${classes - 1}`);
    const firstInBatch = at - (at % batchSize);
    inputs.set(samples.inputs.subarray(sample * size, (sample + 1) * size), at * size);
    targets[at * classes + label] = weight(Math.min(batchSize, order.length - firstInBatch));
  }
  return {
    steps,
    inputs: { shape: [steps, batchSize, ...samples.inputShape], data: inputs },
    targets: { shape: [steps, batchSize, classes], data: targets },
  };
}
