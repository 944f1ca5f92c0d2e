import type { ReconstructionOutput } from '../api/attack.ts';
import { clopperPearson } from '../stats/binomial.ts';
import type { PoolableMetric, SeedOutput } from './clustered.ts';

/**
 * Share of probe images whose class the attack names rightly.
 *
 * Source: Zhao et al. 2020 (iDLG), Table 1.
 */
export const labelAccuracy: PoolableMetric<ReconstructionOutput> = {
  meta: {
    id: 'label-accuracy',
    version: 1,
    title: 'Labels recovered',
    unit: 'share',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source: 'Zhao et al. 2020 (iDLG); Clopper–Pearson over probe images',
  },
  score: (output, truth) => pool([{ output, truth }]),
  pool,
};

function pool(seeds: readonly SeedOutput<ReconstructionOutput>[]) {
  const named = seeds.flatMap(({ output, truth }) =>
    output.targets.flatMap(({ client, round, labels }) => {
      const probe = truth.reconstruction.find(
        (target) => target.client === client && target.round === round,
      );
      if (!probe) throw new RangeError(`no probe is client ${client}, round ${round}`);
      return [...labels].map((label, at) => ({ label, right: label === probe.labels[at] }));
    }),
  );
  if (named.length === 0 || named.every(({ label }) => label === -1)) return null;
  const hits = named.filter(({ right }) => right).length;
  return {
    value: hits / named.length,
    interval: clopperPearson(hits, named.length),
    n: named.length,
  };
}
