import type { Dataset } from './dataset.ts';

/** How much of a data set to load; absent: all of it. */
export interface DataLimits {
  readonly limit?: number | undefined;
  readonly testLimit?: number | undefined;
}

/** What is known of a data set before it is loaded; shown by `hefl list datasets`. */
export interface DatasetInfo {
  readonly id: string;
  readonly title: string;
  readonly synthetic: boolean;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly trainSamples: number;
  readonly testSamples: number;
}

/** A registered data set: its facts, and how to load it. */
export interface DatasetSource extends DatasetInfo {
  load(limits: DataLimits): Promise<Dataset>;
}
