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
  /** What the samples of one natural client have in common (`patient`), where that is known. */
  readonly naturalClients?: string;
}

/** Told how much of a step is done; both numbers in bytes, the total where it is known. */
export type DataProgress = (step: string, done: number, total?: number) => void;

/** A registered data set: its facts, how to load it, and how to get it first. */
export interface DatasetSource extends DatasetInfo {
  load(limits: DataLimits): Promise<Dataset>;
  /**
   * Brings the files into the data folder, verified; nothing is fetched again. Absent where the data
   * comes with the package or is made by code.
   */
  get?(progress: DataProgress): Promise<void>;
}
