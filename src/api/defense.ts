import type { ParameterSetId } from '../crypto/scheme.ts';
import type { SchemeOptions } from '../crypto/scheme-options.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import type { LocalRule } from './local-rule.ts';
import type { MaskPolicy } from './mask-policy.ts';
import type { Meta } from './meta.ts';
import type { Perturbation } from './perturbation.ts';
import type { UpdateTransform } from './update-transform.ts';

/** Who holds which key, and how an aggregate is opened. */
export type KeyUse =
  | { readonly setup: 'none' | 'shared' | 'per-client' }
  | {
      readonly setup: 'joint';
      /** `false` leaves the noise of partial decryptions out, which gives every key away. */
      readonly flooding?: boolean;
      /** B: noise uniform in [-2^B, 2^B). */
      readonly floodingBits?: number;
    }
  | {
      readonly setup: 'threshold';
      /** t: any t clients of the federation open an aggregate. */
      readonly threshold: number;
      readonly flooding?: boolean;
      readonly floodingBits?: number;
    }
  /**
   * MASER's released code: every client encrypts under its own key and returns an unflooded partial
   * decryption of its own upload. Insecure; it is there to show the leak.
   */
  | { readonly setup: 'own-key' };

/** How clients are weighted: by |D^k|, or all alike. */
export type Weighting = 'samples' | 'uniform';

/** What becomes of coordinates off the mask. */
export type Rest = 'plaintext' | 'zero' | 'kept';

/**
 * A model made from the specified one: LoRA's adapters, FRL's edge scores. Its parameters are the
 * exchanged vector. `random` is the same in every cell of a seed.
 */
export type ModelWrapper = (base: Model, random: RandomStream) => Model;

/**
 * Who holds what, in plain words, over all settings of a defense's parameters; `hefl list defenses` and
 * docs/defenses.md print it.
 */
export interface Trust {
  /** What of an update travels as ciphertext. */
  readonly encrypted: string;
  /** Under whose key. */
  readonly key: string;
  readonly serverLearns: string;
  /** Which single party can read updates without anybody's help. */
  readonly brokenBy: string;
}

/** A defense, declared; the protocol loop carries it out and knows none by name. */
export interface Defense<P, M = unknown> {
  readonly meta: Meta<P>;
  keys(params: P): KeyUse;
  scheme(params: P): ParameterSetId;
  /** Choices within the parameter set, where they are not the default ones. */
  schemeOptions?(params: P): Partial<SchemeOptions>;
  readonly mask: MaskPolicy<P, M>;
  /** What the protocol gives the server of each new global model. */
  serverLearns(params: P): 'plain-part' | 'aggregate';
  /**
   * Coordinates off the mask are sent in plaintext unless this says otherwise. `zero`: they are not
   * sent and are 0 in the new global model (MASER's pruning). `kept`: they are not sent, every client
   * keeps its own values; what only some send is averaged over those (FedPHE).
   */
  rest?(params: P): Rest;
  /** Absent: as the federation's specification says. */
  weighting?(params: P): Weighting;
  /** Another rule of local training. */
  training?(params: P): LocalRule | undefined;
  /** What clients do to their updates before masking, and everybody to the aggregate. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of a transform's memory is its own affair.
  transform?(params: P): UpdateTransform<any> | undefined;
  /** Changes what a client sends once its mask is known: Laplace noise on the plaintext part. */
  perturb?(params: P): Perturbation | undefined;
  /** The model that is trained instead of the specified one. */
  model?(params: P): ModelWrapper | undefined;
  /**
   * The encrypt ratio asked for, 0 … 1; the realised one is measured. Absent where the mask follows
   * from something else (whole layers, a threshold).
   */
  targetRatio?(params: P): number;
  /** Chooses coordinates without looking at them: what other masks of its ratio are compared with. */
  readonly control?: true;
  /** Every defense of the suite has one. */
  readonly trust?: Trust;
  /** Why these parameters protect nothing, where they are there to show a leak. */
  insecure?(params: P): string | undefined;
}

/** Types a defense's parameters from its schema; returns it unchanged. */
export function defineDefense<P, M = undefined>(defense: Defense<P, M>): Defense<P, M> {
  return defense;
}

export type { LocalRule, TrainingSchedule } from './local-rule.ts';
export type { MaskPolicy, MaskRound, ProposalFormat, ProposingClient } from './mask-policy.ts';
export type { Perturbation, PerturbedUpdate } from './perturbation.ts';
export type {
  Transformed,
  TransformedClient,
  TransformRound,
  UpdateTransform,
} from './update-transform.ts';
