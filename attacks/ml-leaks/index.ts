import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { boostTrees } from '../classifier/boosted-trees.ts';
import { MemberNetwork } from '../classifier/member-network.ts';
import { PREPARED, scoreEachVictim } from '../query/each-victim.ts';
import { shadowLogits } from '../shadow/logits.ts';
import { trainShadowModel } from '../shadow/shadow-model.ts';
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
    adversaries: readingAdversaries,
  },
  async run(view, aux, context) {
    const { model, engine, params, progress, signal } = context;
    const shadow = await trainShadowModel(view, aux.shadow, context, (done) =>
      progress(PREPARED * done),
    );
    const logits = await shadowLogits(shadow, model, engine);
    const count = params.classifier === 'network' ? TOP : model.classes;
    const tableOf = (rows: Float32Array) => posteriorTable(rows, model.classes, count);
    const [members, nonMembers] = [tableOf(logits.members), tableOf(logits.nonMembers)];

    const learn = async () => {
      if (params.classifier === 'boosted-trees')
        return boostTrees(members, nonMembers, {
          ...{ trees: params.trees, depth: params.depth, learningRate: params.treeLearningRate },
          ...{ regularisation: 1, leastCurvature: 1 },
        });
      const network = await MemberNetwork.open(
        engine,
        shadow.members.count + shadow.nonMembers.count,
        { parts: [TOP], partUnits: params.hiddenUnits, encoder: [] },
        {
          iterations: params.attackIterations,
          learningRate: params.attackLearningRate,
          ...{ decay: 0, limit: Number.POSITIVE_INFINITY },
        },
      );
      try {
        const random = context.random.derive('ml-leaks', 'attack model');
        return await network.train(members, nonMembers, { random, signal });
      } finally {
        network.close();
      }
    };
    const memberLogit = await learn();
    return scoreEachVictim(
      aux,
      context,
      (answer) => memberLogit(sortedPosteriors(answer.logits, count)),
      PREPARED,
    );
  },
});
