import type { z } from 'zod';

/** What every plug-in says about itself; shown by `hefl list` and in the report. */
export interface Meta<P> {
  /** Kebab-case, unique among its kind. */
  readonly id: string;
  /** Raised whenever the same input could give another output. */
  readonly version: number;
  readonly title: string;
  /** Where it comes from: paper, section, equation; and where paper and released code differ. */
  readonly source: string;
  /** Parameters a specification may set, with defaults and descriptions. */
  readonly params: z.ZodType<P>;
}
