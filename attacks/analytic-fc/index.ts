import { z } from 'zod';
import { defineAttack, NotApplicable } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { senderName } from '../../src/view/aggregate.ts';
import { reconstructEachProbe, requireProbes } from '../gradient-matching/each-probe.ts';
import { inferLabels } from '../gradient-matching/label-inference.ts';
import { meanSample } from '../gradient-matching/prior.ts';
import { firstFullyConnected } from './first-layer.ts';
import { layerUpdate, type RankOneSolution, solveRankOne, unexplained } from './rank-one.ts';

/** Divides a single training sample out of the first fully connected layer: x_j = ΔW_ij / Δb_i. */
export const analyticFc = defineAttack({
  meta: {
    id: 'analytic-fc',
    version: 1,
    title: 'Analytic inversion of the first layer',
    source:
      'Phong et al. 2018; Geiping et al. 2020, proposition 3.1. Extended to partly ' +
      'encrypted layers: any exposed pair (ΔW_ij, Δb_i) tells pixel j; encrypted biases are inferred ' +
      'from pixels already known; with no bias exposed, the brightest pixel sets the scale.',
    params: z.strictObject({}),
    kind: 'reconstruction',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    requireProbes(aux, context.model);
    const first = firstFullyConnected(context.model);
    return reconstructEachProbe('analytic-fc', aux, context, async ({ update }) => {
      if (update.samples !== 1)
        throw new NotApplicable(
          `${senderName(update.client)} is of ${update.samples} samples; one can be divided out, not their sum.`,
        );
      const layer = layerUpdate(first, update);
      const solution = solveRankOne(layer);
      if (solution.input.every(Number.isNaN)) return undefined;
      return {
        images: completeImage(solution, aux.shadow),
        labels: inferLabels(context.model.layout, update) ?? Int32Array.of(-1),
        cost: unexplained(layer, solution),
        iterations: 1,
      };
    });
  },
});

/** Pixels in [0, 1]; those that stayed hidden are the attacker's mean. */
function completeImage({ input, upToScale }: RankOneSolution, own: LabelledSamples): Float32Array {
  const factor = upToScale ? brightest(own) / extreme(input) : 1;
  const mean = meanSample(own);
  return mean.map((guess, at) => {
    const pixel = input[at] as number;
    return Number.isNaN(pixel) ? guess : Math.min(1, Math.max(0, pixel * factor));
  });
}

/** The value of largest magnitude, with its sign. */
function extreme(input: Float64Array): number {
  return input.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
}

/** Largest pixel of a sample, on average. */
function brightest({ count, inputs }: LabelledSamples): number {
  const size = inputs.length / count;
  let sum = 0;
  for (let sample = 0; sample < count; sample++)
    sum += inputs.subarray(sample * size, (sample + 1) * size).reduce((a, b) => Math.max(a, b), 0);
  return sum / count;
}
