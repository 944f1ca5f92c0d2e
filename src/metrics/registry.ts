import type { AttackKind } from '../api/attack.ts';
import { advantage } from './advantage.ts';
import { psnrSuccess, ssimSuccess } from './attack-success.ts';
import { auc } from './auc.ts';
import { balancedAccuracy } from './balanced-accuracy.ts';
import type { ClusteredMetric, PoolableMetric } from './clustered.ts';
import { epsilonLowerBound } from './epsilon-audit.ts';
import { exposedAccuracy } from './exposed-accuracy.ts';
import { featureMse } from './feature-mse.ts';
import { identification } from './identification.ts';
import { keysRecovered } from './keys-recovered.ts';
import { labelAccuracy } from './label-accuracy.ts';
import { labelDistribution } from './label-distribution.ts';
import { linkage } from './linkage.ts';
import { msSsim } from './ms-ssim.ts';
import { mse } from './mse.ts';
import { psnr } from './psnr.ts';
import { ssim } from './ssim.ts';
import { heldOutPerplexity, memberPerplexity } from './text/perplexity.ts';
import { exactTexts, rouge1, rouge2, rougeL } from './text/rouge.ts';
import { maskTokenF1, tokenF1, tokenPrecision, tokenRecall } from './text/tokens.ts';
import { tprAtOnePercentFpr, tprAtTenthPercentFpr } from './tpr-at-fpr.ts';
import { uqi } from './uqi.ts';
import { vif } from './vif.ts';

// A metric is written for its own kind of output; the registry hands it no other.
const pooled = (metric: unknown) => metric as PoolableMetric;
const clustered = (metric: unknown) => metric as ClusteredMetric;

/** Every metric, in the order of the report. */
export const metrics: readonly PoolableMetric[] = [
  auc,
  balancedAccuracy,
  advantage,
  tprAtOnePercentFpr,
  tprAtTenthPercentFpr,
  epsilonLowerBound,
  exposedAccuracy,
  memberPerplexity,
  heldOutPerplexity,
  labelDistribution,
  linkage,
  psnr,
  ssim,
  msSsim,
  vif,
  uqi,
  mse,
  featureMse,
  psnrSuccess,
  ssimSuccess,
  identification,
  labelAccuracy,
  tokenF1,
  tokenRecall,
  tokenPrecision,
  maskTokenF1,
  rougeL,
  rouge1,
  rouge2,
  exactTexts,
  keysRecovered,
].map(pooled);

/** Metrics in which two defenses are compared pair by pair. */
export const comparedMetrics: readonly ClusteredMetric[] = [
  auc,
  exposedAccuracy,
  memberPerplexity,
  psnr,
  ssim,
  tokenF1,
  rougeL,
].map(clustered);

export function metricsFor(kind: AttackKind): readonly PoolableMetric[] {
  return metrics.filter(({ meta }) => meta.kind === kind);
}
