/** Asks whether the defense is safe at a ratio. */
export type Probe = (ratio: number) => Promise<boolean>;

export interface RatioRange {
  /** Smallest and largest ratio to consider, 0 … 1. */
  readonly from: number;
  readonly to: number;
  /** The answer is a multiple of this above `from`. */
  readonly step: number;
}

export interface Bisection {
  /** The smallest ratio found safe; undefined where not even the largest is. */
  readonly smallest: number | undefined;
  /** In the order they were asked. */
  readonly tried: readonly { readonly ratio: number; readonly safe: boolean }[];
}

/**
 * The smallest safe ratio on a grid: asks the largest and the smallest, then halves the open range.
 * That takes for granted that more encryption protects no worse; what was tried is the evidence.
 *
 * @throws {RangeError} when the range is empty or outside 0 … 1, or the step isn't positive.
 */
export async function smallestSafeRatio(
  { from, to, step }: RatioRange,
  isSafe: Probe,
): Promise<Bisection> {
  if (!(from >= 0 && to <= 1 && from <= to))
    throw new RangeError(`ratios from ${from} to ${to}: give 0 ≤ from ≤ to ≤ 1`);
  if (!(step > 0)) throw new RangeError(`a step of ${step}: it must be above 0`);
  const steps = Math.max(0, Math.ceil((to - from) / step - 1e-9));
  const ratioOf = (at: number) => Math.min(to, Number((from + at * step).toPrecision(12)));
  const tried: { ratio: number; safe: boolean }[] = [];
  const ask = async (at: number) => {
    const ratio = ratioOf(at);
    const safe = await isSafe(ratio);
    tried.push({ ratio, safe });
    return safe;
  };
  let held = steps;
  if (await ask(steps)) {
    let failed = -1;
    if (steps > 0) {
      if (await ask(0)) held = 0;
      else failed = 0;
    }
    while (held - failed > 1 && held > 0) {
      const middle = Math.floor((held + failed) / 2);
      if (await ask(middle)) held = middle;
      else failed = middle;
    }
  } else held = -1;
  return { smallest: held < 0 ? undefined : ratioOf(held), tried };
}
