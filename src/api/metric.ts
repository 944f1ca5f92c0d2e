import type { GroundTruth } from '../view/ground-truth.ts';
import type { AttackOutput } from './attack.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** .95 */
  readonly level: number;
  /** `Clopper–Pearson`, `hierarchical bootstrap`, … */
  readonly method: string;
}

export interface MetricValue {
  /** `NaN` never; ±Infinity is legal (PSNR of identical images). */
  readonly value: number;
  readonly interval?: Interval;
  /** Number of samples behind the value. */
  readonly n: number;
  /** One per probe image or victim client, in the output's order, where the metric is a mean. */
  readonly perItem?: readonly number[];
  /** What a guess without any view scores: `noise`, `mean image`, `wrong image`, `chance`. */
  readonly baselines?: Readonly<Record<string, number>>;
  /**
   * Value minus the best baseline, paired per image: how much better than a guess, without the spread
   * between easy and hard images. Where baselines are constants there is none.
   */
  readonly overNull?: {
    readonly baseline: string;
    readonly value: number;
    readonly interval?: Interval;
  };
  /**
   * Two one-sided tests of "within ± `margin` of chance", where the metric has such a margin. Guessing
   * is claimed where p is below .05.
   */
  readonly equivalence?: { readonly margin: number; readonly p: number };
  /** Set when n is too small for what the value claims. */
  readonly caution?: string;
}

/** Scores an attack's output against the truth. */
export interface Metric<O extends AttackOutput = AttackOutput> {
  readonly meta: {
    readonly id: string;
    readonly version: number;
    readonly title: string;
    /** `dB`, `share`, `` … */
    readonly unit: string;
    readonly kind: O['kind'];
    readonly higherMeansMoreLeakage: boolean;
    readonly source: string;
  };
  /** `null` when the metric can't be asked of this output (with SSIM under 11 px, say). */
  score(output: O, truth: GroundTruth): MetricValue | null;
}
