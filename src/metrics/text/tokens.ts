import type { RecoveredTokens, TextOutput } from '../../api/attack.ts';
import { valueCluster } from '../../stats/bootstrap.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import { clusteredMetric } from '../clustered.ts';
import { probeOf } from '../images.ts';

/** Share of the probe's different tokens that the attack names. */
export const tokenRecall = tokenMetric(
  'token-recall',
  'Tokens recovered',
  ({ right, present }) => right / present,
);

/** Share of the tokens that the attack names which are the probe's; 0 where it names none. */
export const tokenPrecision = tokenMetric(
  'token-precision',
  'Named tokens that are right',
  ({ right, named }) => (named === 0 ? 0 : right / named),
);

/** 2 · recall · precision / (recall + precision): naming all tokens, or a sure few, is no success. */
export const tokenF1 = tokenMetric('token-f1', 'Tokens recovered (F1)', f1);

/**
 * F1 of the tokens that the mask alone names; where it names none to the attacker, of the usual ones. `null`
 * where it names none for any probe.
 */
export const maskTokenF1 = clusteredMetric<TextOutput>({
  meta: {
    ...{ id: 'mask-token-f1', version: 1, title: 'Tokens that the mask alone names (F1)' },
    ...{ unit: 'share', kind: 'text', higherMeansMoreLeakage: true },
    source:
      'Different tokens named against different tokens of the text, per probe client; beside it the same mask shuffled within each tensor',
  },
  clusters: ({ targets }, truth) =>
    targets.some(({ maskTokens }) => maskTokens)
      ? targets.map((target) =>
          valueCluster(f1(countsOf(target, truth, target.maskTokens?.named ?? target.guess))),
        )
      : null,
  baselines: ({ targets }, truth) => ({
    'usual tokens': targets.map((target) =>
      valueCluster(f1(countsOf(target, truth, target.guess))),
    ),
    'shuffled mask': targets.map((target) =>
      valueCluster(f1(countsOf(target, truth, target.maskTokens?.control ?? target.guess))),
    ),
  }),
  samples: ({ targets }) => targets.length,
});

interface Counts {
  /** Different tokens: named and present, named, present. */
  readonly right: number;
  readonly named: number;
  readonly present: number;
}

function f1({ right, named, present }: Counts): number {
  return (2 * right) / (named + present);
}

function tokenMetric(id: string, title: string, share: (counts: Counts) => number) {
  const clusters = ({ targets }: TextOutput, truth: GroundTruth, of: 'tokens' | 'guess') =>
    targets.map((target) => valueCluster(share(countsOf(target, truth, target[of]))));
  return clusteredMetric<TextOutput>({
    meta: {
      ...{ id, version: 1, title, unit: 'share', kind: 'text', higherMeansMoreLeakage: true },
      source: 'Different tokens named against different tokens of the text, per probe client',
    },
    clusters: (output, truth) => clusters(output, truth, 'tokens'),
    baselines: (output, truth) => ({ 'usual tokens': clusters(output, truth, 'guess') }),
    samples: ({ targets }) => targets.length,
  });
}

function countsOf(target: RecoveredTokens, truth: GroundTruth, tokens: Int32Array): Counts {
  const { images, labels } = probeOf(target, truth);
  const present = new Set([...images, ...labels]);
  const named = new Set(tokens);
  const right = [...named].filter((token) => present.has(token)).length;
  return { right, named: named.size, present: present.size };
}
