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
export const tokenF1 = tokenMetric(
  'token-f1',
  'Tokens recovered (F1)',
  ({ right, named, present }) => (2 * right) / (named + present),
);

interface Counts {
  /** Different tokens: named and present, named, present. */
  readonly right: number;
  readonly named: number;
  readonly present: number;
}

function tokenMetric(id: string, title: string, share: (counts: Counts) => number) {
  const clusters = ({ targets }: TextOutput, truth: GroundTruth, of: 'tokens' | 'guess') =>
    targets.map((target) => valueCluster(share(countsOf(target, truth, of))));
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

function countsOf(target: RecoveredTokens, truth: GroundTruth, of: 'tokens' | 'guess'): Counts {
  const { images, labels } = probeOf(target, truth);
  const present = new Set([...images, ...labels]);
  const named = new Set(target[of]);
  const right = [...named].filter((token) => present.has(token)).length;
  return { right, named: named.size, present: present.size };
}
