import { z } from 'zod';
import type { AttackContext, ReconstructionOutput } from '../../src/api/attack.ts';
import type { NdArray, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { AuxiliaryKnowledge } from '../../src/view/auxiliary.ts';
import { type LbfgsResult, lbfgsProgram, lbfgsStart, readLbfgs } from '../optimisers/lbfgs.ts';
import { dummyLength, readDummy } from './dummy.ts';
import { type Finding, type ObservedProbe, reconstructEachProbe } from './each-probe.ts';
import { squaredDistance } from './objectives.ts';
import type { ObservedUpdate } from './observed-update.ts';
import {
  constantSpecs,
  constantValues,
  type MatchingProblem,
  matchingCost,
  matchingProblem,
} from './problem.ts';
import { ProgramShelf } from './program-shelf.ts';

export const deepLeakageParams = z.strictObject({
  iterations: z
    .int()
    .min(1)
    .default(6000)
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

/** Evaluations per call of the engine: often enough to notice an interruption, or the end. */
const CHUNK = 100;

const TOLERANCES = { gradientTolerance: 1e-9, changeTolerance: 1e-9 };

/** LBFGS on the matching cost of a dummy. */
function deepLeakageProgram(
  problem: MatchingProblem,
  params: DeepLeakageParams,
): ProgramDefinition {
  return lbfgsProgram(
    {
      name: `${problem.model.id}/deep-leakage`,
      length: dummyLength(problem.dummy),
      constants: constantSpecs(problem),
      evaluate: (constants, dummy) =>
        tf.valueAndGrad((guess) => matchingCost(problem, squaredDistance, constants, guess, 0))(
          dummy,
        ),
    },
    { ...params, ...TOLERANCES },
  );
}

/**
 * Deep leakage from gradients (Zhu, Liu & Han 2019, algorithm 1) on every probe: starts from x and
 * label logits ~ N(0, 1) and moves them by LBFGS until they cause the observed update. Where
 * `labelsOf` knows the labels, x alone is moved.
 */
export async function reconstructByDeepLeakage(
  attack: string,
  aux: AuxiliaryKnowledge,
  context: AttackContext<DeepLeakageParams>,
  labelsOf: (update: ObservedUpdate) => Int32Array | undefined,
): Promise<ReconstructionOutput> {
  const programs = new ProgramShelf(context.engine);
  try {
    return await reconstructEachProbe(attack, aux, context, async (probe) => {
      const labels = labelsOf(probe.update);
      const problem = matchingProblem(context.model, probe.update, labels);
      const program = await programs.get(problem, (shape) =>
        deepLeakageProgram(shape, context.params),
      );
      return invert(probe, labels, problem, program, context);
    });
  } finally {
    await programs.dispose();
  }
}

async function invert(
  { update, random, progress }: ObservedProbe,
  labels: Int32Array | undefined,
  problem: MatchingProblem,
  program: Program,
  { params, signal }: AttackContext<DeepLeakageParams>,
): Promise<Finding | undefined> {
  const constants = constantValues(problem, update, labels);
  const length = dummyLength(problem.dummy);
  const budget = params.iterations * params.restarts;
  const explained = EXPLAINED * scoredEnergy(update);
  let iterations = 0;
  let best: LbfgsResult | undefined;

  for (let restart = 0; restart < params.restarts; restart++) {
    if (best && best.cost < explained) break;
    const stream = random.derive(restart);
    const start = Float32Array.from({ length }, () => stream.normal());
    let state: readonly NdArray[] = lbfgsStart(start, { ...params, ...TOLERANCES });
    let found: LbfgsResult | undefined;
    for (let done = 0; done < params.iterations && !found?.settled; done += CHUNK) {
      const steps = Math.min(CHUNK, params.iterations - done);
      ({ state } = await program.run({ steps, state, constants, signal }));
      found = readLbfgs(state);
      progress((iterations + found.evaluations) / budget);
    }
    if (!found) continue;
    iterations += found.evaluations;
    if (found.cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = found;
  }
  // An update that is no number (a diverged client) is matched by nothing.
  if (!best) return undefined;
  const { images, labels: softLabels } = readDummy(problem.dummy, best.point);
  return { images, labels: labels ?? softLabels, cost: best.cost, iterations };
}

/** ‖g‖² over the scored coordinates. */
function scoredEnergy({ gradient, scored }: ObservedUpdate): number {
  return gradient.reduce((sum, value, at) => (scored[at] === 1 ? sum + value * value : sum), 0);
}
