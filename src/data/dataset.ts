import type { Tokenizer } from '../text/tokenizer.ts';

/** Labelled samples in one flat buffer: [count, ...inputShape], pixels in [0, 1]. */
export interface LabelledSamples {
  readonly count: number;
  readonly inputShape: readonly number[];
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
}

/** Training samples; attackers get copies without the keys (`takeSamples`), which name people. */
export interface TrainingSamples extends LabelledSamples {
  /** One number per sample: samples with the same number belong to one natural client. */
  readonly clientKeys?: Uint32Array;
}

/** A data set as the suite uses it. */
export interface Dataset {
  /** `mnist`, `synthetic-mnist`, … */
  readonly id: string;
  readonly title: string;
  /** True for stand-ins; every result on them says so. */
  readonly synthetic: boolean;
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** What the token numbers of a text stand for. */
  readonly tokenizer?: Tokenizer;
  /** Split into members (clients' data) and held-out non-members by `partitionData`. */
  readonly train: TrainingSamples;
  /** Measures accuracy only. */
  readonly test: LabelledSamples;
}

/** Who holds which training sample; indices into `Dataset.train`. */
export interface DataPartition {
  /** One index list per client; disjoint. */
  readonly clients: readonly Uint32Array[];
  /** Held out from all clients, for the membership question. */
  readonly nonMembers: Uint32Array;
  /** The attacker's own data: held out too, disjoint from `nonMembers`. */
  readonly auxiliary: Uint32Array;
  /** Images given to probe clients: held out from everything above. */
  readonly probes: Uint32Array;
}
