/** Choices within a parameter set. All parties of a federation make the same. */
export interface SchemeOptions {
  /** Values are clipped to ± this before they are packed (`bfv-pack23`). */
  readonly range: number;
  /** How packed values are rounded; `stochastic` has no bias and draws from `seed`. */
  readonly rounding: 'nearest' | 'stochastic';
  readonly seed: number | string;
  /** `fewest-primes` drops the primes that the aggregate no longer needs. */
  readonly downloads: 'as-computed' | 'fewest-primes';
}

export const defaultOptions: SchemeOptions = {
  range: 1,
  rounding: 'nearest',
  seed: 0,
  downloads: 'as-computed',
};
