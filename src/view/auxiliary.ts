import type { LabelledSamples } from '../data/dataset.ts';

/** "Which of these samples did this client train on?" Candidates come in random order. */
export interface MembershipTarget {
  readonly client: number;
  /** The last round in which the client took part. */
  readonly round: number;
  readonly candidates: LabelledSamples;
}

/** "What did this probe client train on?" */
export interface ReconstructionTarget {
  readonly client: number;
  readonly round: number;
  /** Number of images in the client's local set. */
  readonly samples: number;
  readonly localSteps: number;
}

/** What the attacker has besides the view: public facts, its own data, and the questions asked. */
export interface AuxiliaryKnowledge {
  readonly dataset: {
    readonly id: string;
    readonly inputShape: readonly number[];
    readonly classes: number;
    readonly synthetic: boolean;
  };
  /** The attacker's own samples of the same distribution, disjoint from every target. */
  readonly shadow: LabelledSamples;
  readonly membership: readonly MembershipTarget[];
  readonly reconstruction: readonly ReconstructionTarget[];
}
