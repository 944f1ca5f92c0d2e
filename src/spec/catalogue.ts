import type { AttackKind } from '../api/attack.ts';
import type { Meta } from '../api/meta.ts';
import type { AdversaryKind } from '../view/adversaries.ts';

/** What a model takes, or a data set has. */
export interface Samples {
  readonly id: string;
  readonly inputShape: readonly number[];
  readonly classes: number;
}

/** What a specification may name. Filled by the composition root; this room knows no plug-in. */
export interface Catalogue {
  readonly defenses: readonly { readonly meta: Meta<unknown> }[];
  readonly attacks: readonly {
    readonly meta: Meta<unknown> & {
      readonly kind: AttackKind;
      readonly adversaries: readonly AdversaryKind[];
    };
  }[];
  readonly adversaries: readonly {
    readonly id: string;
    /** Written with a number from 1: `collusion:2`. */
    readonly counted?: true;
    /** Not among those that are asked when a specification names none. */
    readonly onRequest?: true;
  }[];
  readonly models: readonly (Samples & {
    /** Whether it is a language model: those are read from checkpoints. */
    readonly language?: unknown;
  })[];
  readonly datasets: readonly (Samples & {
    readonly trainSamples: number;
    readonly testSamples: number;
    /** What a natural client is (`patient`); absent: its samples don't say whose they are. */
    readonly naturalClients?: string;
  })[];
}
