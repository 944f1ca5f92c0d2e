/** An auditor's guesses at which examples a mechanism was run on. */
export interface Guesses {
  /** m: examples, each in or out by a fair coin of its own. */
  readonly examples: number;
  /** r: examples guessed at; the auditor abstains from the others. */
  readonly made: number;
  /** v: guesses that are right. */
  readonly right: number;
}

/**
 * The chance, at most, of so many right guesses, had the mechanism been (ε, δ)-differentially private.
 *
 * P[≥ v] ≤ f(v) + 2mδ · max_{1≤i≤v} (f(v − i) − f(v)) / i, where f(v) is the chance of at least v
 * successes in r trials of probability e^ε / (1 + e^ε): private guesses are no better than those of
 * randomised response.
 *
 * Source: Steinke, Nasr & Jagielski 2023, "Privacy Auditing with One (1) Training Run", main theorem,
 * as its appendix computes it.
 * @throws {RangeError} unless 0 ≤ v ≤ r ≤ m, all whole numbers, ε ≥ 0 and 0 ≤ δ ≤ 1.
 */
export function guessesPValue(guesses: Guesses, epsilon: number, delta: number): number {
  const { examples, made, right } = guesses;
  if (![examples, made, right].every(Number.isInteger) || right < 0 || right > made)
    throw new RangeError(`${right} right guesses of ${made}`);
  if (made > examples) throw new RangeError(`${made} guesses at ${examples} examples`);
  if (!(epsilon >= 0) || !(delta >= 0 && delta <= 1))
    throw new RangeError(`a budget of ε = ${epsilon}, δ = ${delta}`);
  const chances = binomialChances(made, epsilon);
  let tail = 0;
  for (let k = made; k >= right; k--) tail += chances[k] as number;
  if (delta === 0) return Math.min(1, tail);
  let slope = 0;
  let below = 0;
  for (let i = 1; i <= right; i++) {
    below += chances[right - i] as number;
    slope = Math.max(slope, below / i);
  }
  return Math.min(1, tail + 2 * examples * delta * slope);
}

/** What an audit by pairs shows. */
export interface PairAudit {
  /** The mechanism is (ε, δ)-differentially private for no smaller ε, at the level asked for; 0 = nothing shown. */
  readonly epsilon: number;
  /** The guesses that show it. */
  readonly made: number;
  readonly right: number;
}

/**
 * A lower bound on ε from pairs of samples of which one was in and the other out by a fair coin, and
 * guesses at which.
 *
 * A mechanism that is (ε, δ)-private for a sample added or removed is (2ε, (1 + e^ε)δ)-private for one
 * put in another's place, which is what turning a pair around does; the theorem is applied to that.
 * An auditor is surer of some guesses than of others: the surest half, quarter … are tried as well,
 * for which the level is divided by the number of tries (Bonferroni).
 *
 * @param right 1 = guessed rightly, the surest guess first; chosen without knowing the answers
 * @param level chance of naming an ε that is too large, .05 for 95 % confidence
 */
export function auditPairs(
  right: ArrayLike<number>,
  { delta, level = 0.05 }: { readonly delta: number; readonly level?: number },
): PairAudit {
  const cuts = cutsOf(right.length);
  let best: PairAudit = { epsilon: 0, made: 0, right: 0 };
  let hits = 0;
  for (let made = 1; made <= right.length; made++) {
    hits += right[made - 1] as number;
    if (!cuts.includes(made)) continue;
    const guesses = { examples: right.length, made, right: hits };
    const epsilon = largestRejected(guesses, delta, level / cuts.length);
    if (epsilon > best.epsilon) best = { epsilon, made, right: hits };
  }
  return best;
}

/** Fewer guesses than these show little, even if all are right. */
const FEWEST_GUESSES = 16;

/** All, the surest half, quarter … */
function cutsOf(pairs: number): number[] {
  const cuts = pairs > 0 ? [pairs] : [];
  for (let cut = pairs >> 1; cut >= FEWEST_GUESSES; cut >>= 1) cuts.unshift(cut);
  return cuts;
}

/** The largest ε, to 1e-6 and rounded down, that the guesses contradict; 0 where they contradict none. */
function largestRejected(guesses: Guesses, delta: number, level: number): number {
  const rejected = (epsilon: number) =>
    guessesPValue(guesses, 2 * epsilon, Math.min(1, (1 + Math.exp(epsilon)) * delta)) < level;
  // Whoever is private with ε is private with every larger one, so that what is found by halving
  // holds even if the bound on the p-value should not rise all the way.
  if (!rejected(0)) return 0;
  let [low, high] = [0, 1];
  while (rejected(high)) [low, high] = [high, 2 * high];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (rejected(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Chances of 0 … n successes of probability e^ε / (1 + e^ε). */
function binomialChances(trials: number, epsilon: number): Float64Array {
  const logFailure = -epsilon - Math.log1p(Math.exp(-epsilon));
  const chances = new Float64Array(trials + 1);
  let logBinomial = 0;
  for (let k = 0; k <= trials; k++) {
    // ln q − ln(1 − q) = ε.
    chances[k] = Math.exp(logBinomial + k * epsilon + trials * logFailure);
    logBinomial += Math.log((trials - k) / (k + 1));
  }
  return chances;
}
