import { z } from 'zod';
import { type AttackContext, defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { boostTrees } from '../classifier/boosted-trees.ts';
import { type MemberLogit, MemberNetwork } from '../classifier/member-network.ts';
import { rowsOf, type Table } from '../classifier/standardise.ts';
import { PREPARED, scoreEachVictim } from '../query/each-victim.ts';
import { shadowLogits } from '../shadow/logits.ts';
import { learnFromShadow } from '../shadow/shadow-model.ts';
import { shadowTrainingParams } from '../shadow/training.ts';
import { posteriorTable, sortedPosteriors } from './posteriors.ts';

/** Posteriors that ML-Leaks looks at. */
const TOP = 3;

const params = z.strictObject({
  ...shadowTrainingParams,
  classifier: z
    .enum(['network', 'boosted-trees'])
    .default('network')
    .describe(
      'what learns the difference: `network` on the three largest posteriors (ML-Leaks), `boosted-trees` on all of them, sorted (FedEraser)',
    ),
  hiddenUnits: z.int().min(1).default(64).describe('hidden units of the network'),
  attackIterations: z.int().min(1).default(400).describe('full-batch Adam steps of the network'),
  attackLearningRate: z.number().positive().default(0.01).describe('its step size'),
  trees: z.int().min(1).default(100).describe('number of boosted trees'),
  depth: z.int().min(1).default(4).describe('their depth'),
  treeLearningRate: z.number().positive().max(1).default(0.1).describe('how much each counts'),
});
type Params = z.infer<typeof params>;

/**
 * A shadow model shows how posteriors of members differ from those of others; a classifier learns the
 * difference and is asked about the exposed model's posteriors.
 */
export const mlLeaks = defineAttack({
  meta: {
    id: 'ml-leaks',
    version: 2,
    title: 'ML-Leaks',
    source:
      'Salem et al. 2019, §III (adversary 1: one shadow model of the same architecture on half of the ' +
      "attacker's own data, three largest posteriors, an MLP of 64 hidden units); MaskCrypt's " +
      'membership attack. Differs: the shadow starts from the public initial model, and posteriors ' +
      'are standardised before the MLP. With `classifier: boosted-trees`, the attack of FedEraser ' +
      "(Liu et al. 2021), whose trees are XGBoost's.",
    params,
    kind: 'membership',
    adversaries: [...readingAdversaries, 'in-the-loop'],
  },
  async run(view, aux, context) {
    const { model, engine, params } = context;
    const count = params.classifier === 'network' ? TOP : model.classes;
    const classifierOf = await learnFromShadow(view, aux.shadow, context, async (shadow) => {
      const logits = await shadowLogits(shadow, model, engine);
      const tableOf = (rows: Float32Array) => posteriorTable(rows, model.classes, count);
      return learn(tableOf(logits.members), tableOf(logits.nonMembers), context);
    });
    context.progress(PREPARED);
    return scoreEachVictim(
      aux,
      context,
      async (victim) => {
        const memberLogit = await classifierOf(victim);
        return ({ logits }) => memberLogit(sortedPosteriors(logits, count));
      },
      PREPARED,
    );
  },
});

/** Trains the classifier on posteriors of members and others. */
async function learn(
  members: Table,
  nonMembers: Table,
  { engine, params, random, signal }: AttackContext<Params>,
): Promise<MemberLogit> {
  if (params.classifier === 'boosted-trees')
    return boostTrees(members, nonMembers, {
      ...{ trees: params.trees, depth: params.depth, learningRate: params.treeLearningRate },
      ...{ regularisation: 1, leastCurvature: 1 },
    });
  const network = await MemberNetwork.open(
    engine,
    rowsOf(members) + rowsOf(nonMembers),
    { parts: [TOP], partUnits: params.hiddenUnits, encoder: [] },
    {
      iterations: params.attackIterations,
      learningRate: params.attackLearningRate,
      ...{ decay: 0, limit: Number.POSITIVE_INFINITY },
    },
  );
  try {
    const stream = random.derive('ml-leaks', 'attack model');
    return await network.train(members, nonMembers, { random: stream, signal });
  } finally {
    network.close();
  }
}
