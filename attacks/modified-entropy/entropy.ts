import { confidence, logProbability } from '../query/confidence.ts';
import { logProbabilities } from '../query/logits.ts';

/**
 * Modified prediction entropy, small for a confident right answer and large for a confident wrong
 * one: −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i).
 *
 * Source: Song & Mittal 2021, §4.2, eq. 8.
 *
 * @param logits [classes]
 */
export function modifiedEntropy(logits: ArrayLike<number>, label: number): number {
  const logP = logProbabilities(logits);
  // ln(1 − p), where p may round to 1.
  const logRest = (at: number) => {
    const p = Math.exp(logP[at] as number);
    return p < 0.5 ? Math.log1p(-p) : logProbability(-confidence(logits, at));
  };
  return logP.reduce(
    (sum, value, at) =>
      sum - (at === label ? Math.exp(logRest(label)) * value : Math.exp(value) * logRest(at)),
    0,
  );
}
