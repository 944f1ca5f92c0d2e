import type { Reconstruction } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { ReconstructionTarget } from '../../src/view/auxiliary.ts';

/** Mean of the attacker's own samples, [...inputShape]: its best guess without any view. */
export function meanSample({ count, inputs }: LabelledSamples): Float32Array {
  if (count === 0)
    throw new RangeError('the attacker has no samples of its own to take a prior from');
  const size = inputs.length / count;
  const sums = new Float64Array(size);
  inputs.forEach((value, at) => {
    sums[at % size] = (sums[at % size] as number) + value;
  });
  return Float32Array.from(sums, (sum) => sum / count);
}

/** Mean and standard deviation over all values of the attacker's own samples. */
export function pixelStatistics({ inputs }: LabelledSamples): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const value of inputs) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / inputs.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / inputs.length - mean * mean)) };
}

/** The answer where nothing was exposed: the mean sample, no label. */
export function priorReconstruction(
  target: ReconstructionTarget,
  shadow: LabelledSamples,
): Reconstruction {
  const mean = meanSample(shadow);
  const images = new Float32Array(target.samples * mean.length);
  for (let sample = 0; sample < target.samples; sample++) images.set(mean, sample * mean.length);
  return {
    client: target.client,
    round: target.round,
    from: 'prior',
    images,
    labels: new Int32Array(target.samples).fill(-1),
    cost: 0,
    iterations: 0,
  };
}
