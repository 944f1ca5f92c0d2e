import { z } from 'zod';
import { defineAttack } from '../../src/api/attack.ts';
import { bestThreshold } from '../../src/stats/threshold.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import { PREPARED, scoreEachVictim } from '../query/each-victim.ts';
import { shadowLogits } from '../shadow/logits.ts';
import { learnFromShadow } from '../shadow/shadow-model.ts';
import { shadowTrainingParams } from '../shadow/training.ts';
import { modifiedEntropy } from './entropy.ts';

const params = z.strictObject({
  ...shadowTrainingParams,
  thresholds: z
    .enum(['per-class', 'one'])
    .default('per-class')
    .describe('whether every class has a threshold of its own (the paper) or all share one'),
});

/** Members have a small modified entropy: the score is how far it lies below the class's threshold. */
export const modifiedEntropyAttack = defineAttack({
  meta: {
    id: 'modified-entropy',
    version: 1,
    title: 'Modified entropy',
    source:
      'Song & Mittal 2021, "Systematic Evaluation of Privacy Risks of Machine Learning Models" §4.2, ' +
      'eq. 8: thresholds per class, learned on a shadow model. Differs: a class without members and ' +
      'others among the shadow samples takes the threshold of all classes.',
    params,
    kind: 'membership',
    adversaries: [...readingAdversaries, 'in-the-loop'],
  },
  async run(view, aux, context) {
    const { model, engine, params } = context;
    const thresholdsOf = await learnFromShadow(view, aux.shadow, context, async (shadow) => {
      const logits = await shadowLogits(shadow, model, engine);
      const known = [
        ...scored(logits.members, shadow.members.labels, 1),
        ...scored(logits.nonMembers, shadow.nonMembers.labels, 0),
      ];
      return learnThresholds(known, params.thresholds === 'one' ? 0 : model.classes);
    });
    context.progress(PREPARED);
    return scoreEachVictim(
      aux,
      context,
      async (victim) => {
        const { shared, ofClass } = await thresholdsOf(victim);
        return ({ logits, label }) => -modifiedEntropy(logits, label) - (ofClass[label] ?? shared);
      },
      PREPARED,
    );
  },
});

interface ScoredSample {
  readonly label: number;
  readonly member: 0 | 1;
  /** −(modified entropy). */
  readonly score: number;
}

interface Thresholds {
  readonly ofClass: readonly number[];
  readonly shared: number;
}

/** The best threshold of all samples, and of those of each of `classes` classes. */
function learnThresholds(known: readonly ScoredSample[], classes: number): Thresholds {
  const thresholdOf = (samples: readonly ScoredSample[]) =>
    bestThreshold(
      samples.map(({ score }) => score),
      samples.map(({ member }) => member),
    );
  // Where nothing tells members from others, any threshold will do.
  const general = thresholdOf(known);
  const shared = Number.isFinite(general) ? general : 0;
  const ofClass = Array.from({ length: classes }, (_, label) => {
    const threshold = thresholdOf(known.filter((sample) => sample.label === label));
    return Number.isFinite(threshold) ? threshold : shared;
  });
  return { ofClass, shared };
}

function scored(logits: Float32Array, labels: Int32Array, member: 0 | 1): ScoredSample[] {
  const classes = logits.length / labels.length;
  return Array.from(labels, (label, at) => ({
    label,
    member,
    score: -modifiedEntropy(logits.subarray(at * classes, (at + 1) * classes), label),
  }));
}
