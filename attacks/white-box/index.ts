import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { MemberNetwork } from '../classifier/member-network.ts';
import { answerEachVictim, PREPARED } from '../query/each-victim.ts';
import { learnFromShadow } from '../shadow/shadow-model.ts';
import { shadowTrainingParams } from '../shadow/training.ts';
import { featureParts, SampleFeatures } from './features.ts';

const params = z.strictObject({
  ...shadowTrainingParams,
  hiddenUnits: z.int().min(1).default(64).describe('hidden units per part of the features'),
  attackIterations: z.int().min(1).default(300).describe('full-batch Adam steps of the network'),
  attackLearningRate: z.number().positive().default(0.001).describe('its step size'),
  decay: z.number().min(0).default(0.001).describe('factor of its squared weights in the loss'),
});

/** Features are cut here: gradients of single samples have long tails. */
const MOST_DEVIATIONS = 5;

/**
 * A network learns from a shadow model how outputs, loss and gradients of members differ from those
 * of others, and is asked about the candidates' on the exposed model.
 */
export const whiteBox = defineAttack({
  meta: {
    id: 'white-box',
    version: 1,
    title: 'White-box network',
    source:
      'Nasr, Shokri & Houmansadr 2019, "Comprehensive Privacy Analysis of Deep Learning" §III: a ' +
      'component per kind of feature (outputs, label, loss, gradients), an encoder on all of them. ' +
      "Differs: known members come from a shadow model on the attacker's own data; of the gradients " +
      "it sees the last layer's, fully connected instead of convolved, and the norms of all others; " +
      'an encoder of 128 and 64 units; no hidden activations.',
    params,
    kind: 'membership',
    adversaries: [...readingAdversaries, 'in-the-loop'],
  },
  async run(view, aux, context) {
    const { model, engine, params, signal } = context;
    const features = await SampleFeatures.open(model, engine);
    try {
      const classifierOf = await learnFromShadow(view, aux.shadow, context, async (shadow) => {
        const network = await MemberNetwork.open(
          engine,
          shadow.members.count + shadow.nonMembers.count,
          { parts: featureParts(model), partUnits: params.hiddenUnits, encoder: [128, 64] },
          {
            iterations: params.attackIterations,
            learningRate: params.attackLearningRate,
            decay: params.decay,
            limit: MOST_DEVIATIONS,
          },
        );
        try {
          return await network.train(
            await features.of(shadow.weights, shadow.members, signal),
            await features.of(shadow.weights, shadow.nonMembers, signal),
            { random: context.random.derive('white-box', 'network'), signal },
          );
        } finally {
          network.close();
        }
      });
      context.progress(PREPARED);
      return await answerEachVictim(
        aux,
        context,
        async (victim) => {
          const memberLogit = await classifierOf(victim);
          const { client, round, candidates } = victim;
          const exposed = context.expose({ client, round }).model;
          const { width, values } = await features.of(exposed, candidates, signal);
          return {
            scores: Float64Array.from({ length: candidates.count }, (_, at) =>
              memberLogit(values.subarray(at * width, (at + 1) * width)),
            ),
          };
        },
        PREPARED,
      );
    } finally {
      features.close();
    }
  },
});
