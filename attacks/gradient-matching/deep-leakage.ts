import { z } from 'zod';
import type { AttackContext } from '../../src/api/attack.ts';
import type { ProgramDefinition } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { type LbfgsResult, lbfgs } from '../optimisers/lbfgs.ts';
import { dummyLength, readDummy } from './dummy.ts';
import type { Finding } from './each-probe.ts';
import { squaredDistance } from './objectives.ts';
import type { ObservedUpdate } from './observed-update.ts';
import { constantSpecs, constantValues, type MatchingProblem, matchingCost } from './problem.ts';
import type { ProgramShelf } from './program-shelf.ts';

export const deepLeakageParams = z.strictObject({
  iterations: z
    .int()
    .min(1)
    .default(1200)
    .describe('evaluations of cost and gradient per restart, line search included'),
  restarts: z
    .int()
    .min(1)
    .default(2)
    .describe(
      'initial guesses at most; the one of lowest matching cost is returned, and none is made after one that explains the update',
    ),
  learningRate: z.number().positive().default(1).describe('length of a full LBFGS step'),
  history: z.int().min(1).default(100).describe('LBFGS correction pairs'),
});
export type DeepLeakageParams = z.infer<typeof deepLeakageParams>;

/** A guess that leaves less than this share of the update's energy unmatched explains it. */
const EXPLAINED = 1e-7;

/** Matching cost of a dummy and its gradient. */
function deepLeakageProgram(problem: MatchingProblem): ProgramDefinition {
  return {
    name: `${problem.model.id}/deep-leakage`,
    state: [],
    constants: constantSpecs(problem),
    perStep: [{ shape: [dummyLength(problem.dummy)], dtype: 'float32' }],
    step({ constants, perStep }) {
      const [dummy] = perStep as [(typeof perStep)[number]];
      const { value, grad } = tf.valueAndGrad((guess) =>
        matchingCost(problem, squaredDistance, constants, guess),
      )(dummy);
      return { state: [], outputs: [value, grad] };
    },
  };
}

/**
 * Deep leakage from gradients (Zhu, Liu & Han 2019, algorithm 1): starts from x and label logits
 * ~ N(0, 1) and moves them by LBFGS until they cause the observed update. With known labels, x alone
 * is moved.
 */
export async function deepLeakage(
  problem: MatchingProblem,
  update: ObservedUpdate,
  labels: Int32Array | undefined,
  { params, signal }: AttackContext<DeepLeakageParams>,
  programs: ProgramShelf,
  random: RandomStream,
  progress: (fraction: number) => void,
): Promise<Finding> {
  const program = await programs.get(problem, deepLeakageProgram);
  const constants = constantValues(problem, update, labels);
  const length = dummyLength(problem.dummy);
  const budget = params.iterations * params.restarts;
  const energy = scoredEnergy(update);
  let iterations = 0;
  let best = {
    point: new Float64Array(length) as LbfgsResult['point'],
    cost: Number.POSITIVE_INFINITY,
  };

  for (let restart = 0; restart < params.restarts; restart++) {
    if (best.cost < EXPLAINED * energy) break;
    const stream = random.derive(restart);
    const found = await lbfgs(
      Float64Array.from({ length }, () => stream.normal()),
      async (point) => {
        signal.throwIfAborted();
        const perStep = [{ shape: [1, length], data: Float32Array.from(point) }];
        const { outputs } = await program.run({ steps: 1, state: [], constants, perStep });
        const [cost, gradient] = outputs as [(typeof outputs)[number], (typeof outputs)[number]];
        progress(++iterations / budget);
        return { cost: cost.data[0] as number, gradient: gradient.data };
      },
      {
        learningRate: params.learningRate,
        history: params.history,
        evaluations: params.iterations,
        gradientTolerance: 1e-9,
        changeTolerance: 1e-9,
      },
    );
    if (found.cost < best.cost) best = found;
  }
  const { images, labels: softLabels } = readDummy(problem.dummy, best.point);
  return { images, labels: labels ?? softLabels, cost: best.cost, iterations };
}

/** ‖g‖² over the scored coordinates. */
function scoredEnergy({ gradient, scored }: ObservedUpdate): number {
  return gradient.reduce((sum, value, at) => (scored[at] === 1 ? sum + value * value : sum), 0);
}
