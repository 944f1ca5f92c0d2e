import { z } from 'zod';
import { type AttackContext, defineAttack } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { NdArray, Program } from '../../src/engine/program.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { dummyLength, imageValues, readDummy } from '../gradient-matching/dummy.ts';
import {
  type Finding,
  type ObservedProbe,
  reconstructEachProbe,
} from '../gradient-matching/each-probe.ts';
import { inferLabels } from '../gradient-matching/label-inference.ts';
import { pixelStatistics } from '../gradient-matching/prior.ts';
import {
  constantValues,
  type MatchingProblem,
  matchingProblem,
} from '../gradient-matching/problem.ts';
import { ProgramShelf } from '../gradient-matching/program-shelf.ts';
import { adamStepSize } from '../optimisers/adam.ts';
import { invertingIteration, type PixelScale } from './iteration.ts';

const params = z.strictObject({
  iterations: z.int().min(8).default(4800).describe('Adam iterations per restart'),
  restarts: z
    .int()
    .min(1)
    .default(1)
    .describe('initial guesses; the one of lowest matching cost, without the prior, is returned'),
  learningRate: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      'first step size, in standard deviations of pixels; a tenth from 3/8, 5/8 and 7/8 of the iterations on',
    ),
  totalVariation: z
    .number()
    .min(0)
    .default(1e-3)
    .describe('weight α of the total variation of the standardised image'),
  statistics: z
    .number()
    .min(0)
    .default(0.1)
    .describe(
      'weight of what a batch does to running statistics, where the model has batch norm and its buffers are exposed',
    ),
});
type Params = z.infer<typeof params>;

/** The cost before the first iterate; any is lower. */
const UNMATCHED = Math.fround(3e38);

/** Iterations per call of the engine: often enough to notice an interruption. */
const CHUNK = 100;

/** Inverts an update by the angle between gradients, under an image prior. */
export const invertingGradients = defineAttack({
  meta: {
    id: 'inverting-gradients',
    version: 3,
    title: 'Inverting Gradients',
    source:
      'Geiping et al. 2020, eq. 4 and §6 (1 − cos + α·TV of the standardised image, Adam on the sign of the gradient, box, ' +
      'step size ×.1 at 3/8, 5/8 and 7/8; local steps unrolled). Labels are inferred as in iDLG, and ' +
      'optimised where they stay open. The best iterate is returned where the paper takes the last.',
    params,
    kind: 'reconstruction',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    const programs = new ProgramShelf(context.engine);
    const scale = pixelScale(aux.shadow);
    try {
      return await reconstructEachProbe('inverting-gradients', aux, context, async (probe) => {
        const labels = inferLabels(context.model.layout, probe.update);
        const problem = matchingProblem(context.model, probe.update, labels);
        const program = await programs.get(problem, (shape) =>
          invertingIteration(shape, context.params, scale),
        );
        return invert(probe, labels, problem, program, scale, context);
      });
    } finally {
      await programs.dispose();
    }
  },
});

async function invert(
  { update, random, progress }: ObservedProbe,
  labels: Int32Array | undefined,
  problem: MatchingProblem,
  program: Program,
  { mean, deviation }: PixelScale,
  { params, signal }: AttackContext<Params>,
): Promise<Finding | undefined> {
  const { iterations, restarts } = params;
  const { dummy: shape } = problem;
  const constants = constantValues(problem, update, labels);
  const stepSizes = schedule(params);
  let best: { dummy: NdArray['data']; match: number } | undefined;

  for (let restart = 0; restart < restarts; restart++) {
    const stream = random.derive(restart);
    const start = Float32Array.from({ length: dummyLength(shape) }, () => stream.normal());
    let state = initialState(start);
    for (let done = 0; done < iterations; done += CHUNK) {
      const data = stepSizes.slice(done, done + CHUNK);
      const perStep = [{ shape: [data.length], data }];
      ({ state } = await program.run({
        steps: data.length,
        ...{ state, constants, perStep, signal },
      }));
      progress((restart + (done + data.length) / iterations) / restarts);
    }
    const [, , , dummy, , match] = state as Six<NdArray>;
    const reached = match.data[0] as number;
    if (reached < (best?.match ?? UNMATCHED)) best = { dummy: dummy.data, match: reached };
  }
  // An update that is no number (a diverged client) is matched by nothing.
  if (!best) return undefined;
  const pixels = best.dummy.map((value, at) =>
    at < imageValues(shape) ? mean + deviation * value : value,
  );
  const { images, labels: softLabels } = readDummy(shape, pixels);
  return {
    images,
    labels: labels ?? softLabels,
    cost: best.match,
    iterations: iterations * restarts,
  };
}

/** Mean and deviation of the attacker's own pixels; pixels that are all alike are left as they are. */
function pixelScale(shadow: LabelledSamples): PixelScale {
  const { mean, deviation } = pixelStatistics(shadow);
  return deviation > 0 ? { mean, deviation } : { mean: 0, deviation: 1 };
}

type Six<T> = readonly [T, T, T, T, T, T];

/** Adam's step sizes, bias corrections included. */
function schedule({ iterations, learningRate }: Params): Float32Array {
  const milestones = [3, 5, 7].map((eighths) => Math.floor((eighths * iterations) / 8));
  return Float32Array.from({ length: iterations }, (_, step) => {
    const drops = milestones.filter((milestone) => step >= milestone).length;
    return adamStepSize(learningRate * 0.1 ** drops, step);
  });
}

/** Dummy, moments, best dummy, its costs. */
function initialState(dummy: Float32Array): readonly NdArray[] {
  const vector = (data: Float32Array): NdArray => ({ shape: [dummy.length], data });
  const none: NdArray = { shape: [], data: Float32Array.of(UNMATCHED) };
  const zeros = () => vector(new Float32Array(dummy.length));
  return [vector(dummy), zeros(), zeros(), vector(dummy), none, none];
}
