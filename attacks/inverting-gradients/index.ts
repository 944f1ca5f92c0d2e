import { z } from 'zod';
import { type AttackContext, defineAttack } from '../../src/api/attack.ts';
import type { NdArray } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { dummyLength, imageValues, readDummy } from '../gradient-matching/dummy.ts';
import { type Finding, reconstructEachProbe } from '../gradient-matching/each-probe.ts';
import { inferLabels } from '../gradient-matching/label-inference.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import { pixelStatistics } from '../gradient-matching/prior.ts';
import { constantValues, matchingProblem } from '../gradient-matching/problem.ts';
import { ProgramShelf } from '../gradient-matching/program-shelf.ts';
import { adamStepSize } from '../optimisers/adam.ts';
import { invertingIteration } from './iteration.ts';

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
    .describe('first step size; a tenth from 3/8, 5/8 and 7/8 of the iterations on'),
  totalVariation: z.number().min(0).default(1e-3).describe('weight α of the total variation'),
});
type Params = z.infer<typeof params>;

/** Iterations per call of the engine: often enough to notice an interruption. */
const CHUNK = 100;

/** Inverts an update by the angle between gradients, under an image prior. */
export const invertingGradients = defineAttack({
  meta: {
    id: 'inverting-gradients',
    version: 1,
    title: 'Inverting Gradients',
    source:
      'Geiping et al. 2020, eq. 4 and §6 (1 − cos + α·TV, Adam on the sign of the gradient, box, ' +
      'step size ×.1 at 3/8, 5/8 and 7/8; local steps unrolled). Labels are inferred as in iDLG, and ' +
      'optimised where they stay open. The best iterate is returned where the paper takes the last.',
    params,
    kind: 'reconstruction',
    adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
  },
  async run(_view, aux, context) {
    const programs = new ProgramShelf(context.engine);
    const pixels = pixelStatistics(aux.shadow);
    try {
      return await reconstructEachProbe(
        'inverting-gradients',
        aux,
        context,
        (update, random, progress) => invert(update, pixels, context, programs, random, progress),
      );
    } finally {
      await programs.dispose();
    }
  },
});

async function invert(
  update: ObservedUpdate,
  pixels: { readonly mean: number; readonly deviation: number },
  { model, params, signal }: AttackContext<Params>,
  programs: ProgramShelf,
  random: RandomStream,
  progress: (fraction: number) => void,
): Promise<Finding> {
  const { iterations, restarts, totalVariation } = params;
  const labels = inferLabels(model.layout, update);
  const problem = matchingProblem(model, update, labels);
  const program = await programs.get(problem, (shape) => invertingIteration(shape, totalVariation));
  const constants = constantValues(problem, update, labels);
  const stepSizes = schedule(params);
  let best = {
    dummy: new Float32Array(dummyLength(problem.dummy)),
    match: Number.POSITIVE_INFINITY,
  };

  for (let restart = 0; restart < restarts; restart++) {
    const stream = random.derive(restart);
    // The paper starts from N(0, 1) on standardised images: here in pixels.
    const start = Float32Array.from({ length: dummyLength(problem.dummy) }, (_, at) =>
      at < imageValues(problem.dummy)
        ? pixels.mean + pixels.deviation * stream.normal()
        : stream.normal(),
    );
    let state = initialState(start);
    for (let done = 0; done < iterations; done += CHUNK) {
      signal.throwIfAborted();
      const data = stepSizes.slice(done, done + CHUNK);
      const perStep = [{ shape: [data.length], data }];
      ({ state } = await program.run({ steps: data.length, state, constants, perStep }));
      progress((restart + (done + data.length) / iterations) / restarts);
    }
    const [, , , dummy, , match] = state as Six<NdArray>;
    if ((match.data[0] as number) < best.match)
      best = { dummy: Float32Array.from(dummy.data), match: match.data[0] as number };
  }
  const { images, labels: softLabels } = readDummy(problem.dummy, best.dummy);
  return {
    images,
    labels: labels ?? softLabels,
    cost: best.match,
    iterations: iterations * restarts,
  };
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

/** Dummy, moments, best dummy, and costs that any iterate undercuts. */
function initialState(dummy: Float32Array): readonly NdArray[] {
  const vector = (data: Float32Array): NdArray => ({ shape: [dummy.length], data });
  const none: NdArray = { shape: [], data: Float32Array.of(3.4e38) };
  const zeros = () => vector(new Float32Array(dummy.length));
  return [vector(dummy), zeros(), zeros(), vector(dummy), none, none];
}
