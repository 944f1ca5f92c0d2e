import type { UpdateTransform } from '../../src/api/defense.ts';
import { topScores } from '../selection/top-scores.ts';

/** What compression has held back so far, [N]; a client keeps its own between its rounds. */
interface Held {
  readonly error: Float32Array;
}

/**
 * Top-k compression with error compensation: of v = w_t^k − w_{t-1} + e a client sends the share of
 * the largest |v|, and keeps the rest as e for its next round.
 *
 * Source: Tang et al. 2019, "DoubleSqueeze: Parallel Stochastic Gradient Descent with Double-Pass
 * Error-Compensated Compression", Algorithm 1, its pass from workers to the server; FedML-HE (2023)
 * names it as a way to shrink what is encrypted. The pass back, in which the server compresses the
 * sum, is left out: a server can't rank what it sees encrypted only.
 *
 * @param share of the coordinates that a client sends, 0 … 1
 */
export function doubleSqueeze(share: number): UpdateTransform<Held> {
  return {
    remember: ({ size }) => ({ error: new Float32Array(size) }),
    transform({ globalModel, localModel }, { error }) {
      const change = error.map(
        (held, at) => (localModel[at] as number) - (globalModel[at] as number) + held,
      );
      const sent = topScores(change.map(Math.abs), Math.round(share * change.length));
      const values = globalModel.slice();
      for (let at = 0; at < values.length; at++) {
        if (sent[at] === 1) values[at] = (globalModel[at] as number) + (change[at] as number);
        error[at] = sent[at] === 1 ? 0 : (change[at] as number);
      }
      return { values, sent };
    },
  };
}
