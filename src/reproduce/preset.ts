import type { RunResults } from '../api/results.ts';

/** One number of a paper beside ours. */
export interface ReproducedRow {
  readonly what: string;
  /** As the paper prints it; `null` where it prints none. */
  readonly published: string | null;
  readonly ours: string;
  /** How far ours is from it, in words. */
  readonly comparison: string;
  readonly note?: string;
  /** The same as numbers, for programs; the unit is in each name. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** What a preset shows. */
export interface Reproduction {
  /** The setting that was used, and where it is not the paper's. */
  readonly setting: readonly string[];
  readonly rows: readonly ReproducedRow[];
  /** What a reader must know to judge the rows. */
  readonly notes: readonly string[];
}

interface PresetFacts {
  /** `paper/item`, as `hefl reproduce` takes it. */
  readonly id: string;
  readonly title: string;
  readonly source: string;
}

/** An item that follows from sizes and shapes alone. */
export interface ExactPreset extends PresetFacts {
  readonly kind: 'exact';
  reproduce(): Promise<Reproduction>;
}

/** An item that needs experiments to be run. */
export interface TrainedPreset extends PresetFacts {
  readonly kind: 'trained';
  /** Files in `experiments/`, run one after the other. */
  readonly specifications: readonly string[];
  /** @param runs results in the order of `specifications` */
  read(runs: readonly RunResults[]): Reproduction;
}

export type Preset = ExactPreset | TrainedPreset;
