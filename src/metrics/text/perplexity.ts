import type { MembershipOutput } from '../../api/attack.ts';
import type { Cluster } from '../../stats/bootstrap.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import { clusteredMetric } from '../clustered.ts';
import { memberStrata, victims } from '../membership.ts';

/** Perplexity on the victim's own sequences: MaskCrypt's privacy measure for language models. */
export const memberPerplexity = perplexityMetric({
  id: 'perplexity-members',
  title: "Perplexity of the exposed model on the victim's text",
  of: 'members',
});

/** Perplexity on sequences nobody trained on, which tells a broken model from a private one. */
export const heldOutPerplexity = perplexityMetric({
  id: 'perplexity-held-out',
  title: 'Perplexity of the exposed model on held-out text',
  of: 'non-members',
});

/**
 * exp of the mean −ln p per token over a victim's sequences of one kind, the mean over victims.
 * Sequences are equally long, so that the mean over sequences is the mean over tokens.
 */
function perplexityMetric(about: {
  readonly id: string;
  readonly title: string;
  readonly of: 'members' | 'non-members';
}) {
  const stratumOf = (members: Uint8Array) =>
    memberStrata(members)[about.of === 'members' ? 0 : 1] as Uint32Array;
  const clusters = (
    output: MembershipOutput,
    truth: GroundTruth,
    of: 'logLikelihoods' | 'initialLogLikelihoods',
  ) => {
    if (output.targets.some((target) => target[of] === undefined)) return null;
    const pairs = victims(output, truth);
    if (pairs.some(({ truth: { members } }) => stratumOf(members).length === 0)) return null;
    return pairs.map(({ answer, truth: { members } }) => ({
      // Both strata, so that counts has one entry per candidate.
      strata: memberStrata(members),
      statistic(counts: Float64Array) {
        let sum = 0;
        let total = 0;
        for (const at of stratumOf(members)) {
          sum += (counts[at] as number) * (answer[of]?.[at] as number);
          total += counts[at] as number;
        }
        return Math.exp(-sum / total);
      },
    }));
  };
  return clusteredMetric<MembershipOutput>({
    meta: {
      ...{ id: about.id, version: 2, title: about.title, unit: '', kind: 'membership' },
      higherMeansMoreLeakage: false,
      source:
        'MaskCrypt (TDSC 2024), Table 3; low on both texts is a good model, low on members alone a leak',
    },
    clusters: (output, truth) => clusters(output, truth, 'logLikelihoods'),
    baselines(output, truth): Record<string, readonly Cluster[]> {
      const initial = clusters(output, truth, 'initialLogLikelihoods');
      return initial ? { 'initial model': initial } : {};
    },
    samples: (output, truth) =>
      victims(output, truth).reduce(
        (sum, { truth: { members } }) => sum + stratumOf(members).length,
        0,
      ),
  });
}
