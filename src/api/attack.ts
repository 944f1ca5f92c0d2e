import type { Engine } from '../engine/program.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import type { AdversaryId, AdversaryKind, Exposure } from '../view/adversaries.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import type { KeyEvidenceRecord } from '../view/key-evidence.ts';
import type { ServerView } from '../view/server-view.ts';
import type { ShadowClient } from '../view/shadow.ts';
import type { Meta } from './meta.ts';

/** A membership attack's answer for one victim client. */
export interface MembershipScores {
  readonly client: number;
  readonly round: number;
  /** One per candidate; higher = more likely a member. */
  readonly scores: Float64Array;
  /** Class the exposed model predicts per candidate, where the attack queried it. */
  readonly predictedLabels?: Int32Array;
  /**
   * ln p per token of each candidate under the exposed language model, the mean over all but its first
   * token; where the attack asked for it.
   */
  readonly logLikelihoods?: Float64Array;
  /** The same under the initial model, which everybody knows. */
  readonly initialLogLikelihoods?: Float64Array;
  /** The same scores against a control that holds nothing of the client's; a null baseline. */
  readonly control?: Float64Array;
  /** Guessed shares of the classes in the client's data, [classes], adding up to 1. */
  readonly labelShares?: Float64Array;
  /** How much transmissions of other rounds look like this client's; higher = more. */
  readonly alike?: readonly {
    readonly client: number;
    readonly round: number;
    readonly score: number;
  }[];
}

export interface MembershipOutput {
  readonly kind: 'membership';
  readonly targets: readonly MembershipScores[];
}

/** A reconstruction attack's answer for one probe client. */
export interface Reconstruction {
  readonly client: number;
  readonly round: number;
  /** `prior`: nothing was exposed, so the answer is the attacker's prior (the mean of its own data). */
  readonly from: 'update' | 'prior';
  /** [samples, ...inputShape], pixels in [0, 1]. */
  readonly images: Float32Array;
  /** One per image; -1 where the attack names none. */
  readonly labels: Int32Array;
  /** The attacker-visible cost of the returned iterate, by which restarts were chosen. */
  readonly cost: number;
  readonly iterations: number;
}

export interface ReconstructionOutput {
  readonly kind: 'reconstruction';
  readonly targets: readonly Reconstruction[];
  /** Worked out for the metrics after the attack has answered; what an attack writes here is ignored. */
  readonly features?: ImageFeatures;
}

/** Images as a model sees them; one row per image, in the order of the targets and of their images. */
export interface ImageFeatures {
  /** Features of one image. */
  readonly width: number;
  /** Of the answers, in the answers' order. */
  readonly answers: Float32Array;
  readonly originals: Float32Array;
  /** Of seeded noise, one image per original. */
  readonly noise: Float32Array;
  /** Of the mean of the attacker's own images, one row. */
  readonly meanImage: Float32Array;
}

/** What an attack on keys found of one secret key. */
export interface KeyAnswer {
  /** Whose key; `all`: the one that all clients share. */
  readonly owner: number | 'all';
  /** Ciphertexts that the solution was computed from. */
  readonly solvedFrom: number;
  /** Share of a further ciphertext's decryption that it predicts; 1 = the key, else some 0. */
  readonly explained: number;
}

export interface KeyOutput {
  readonly kind: 'key';
  /** One per key that the protocol shows something of. */
  readonly targets: readonly KeyAnswer[];
}

/** The tokens that an attack finds in one probe client's text. */
export interface RecoveredTokens {
  readonly client: number;
  readonly round: number;
  /** `prior`: nothing was exposed, of the update or by the mask, so the answer is the guess. */
  readonly from: 'update' | 'prior';
  /** Different token numbers, rising; no order, no count. */
  readonly tokens: Int32Array;
  /** What the attacker would answer without any view: a null baseline. */
  readonly guess: Int32Array;
  /**
   * The tokens that the client's choice of coordinates to encrypt tells by itself, and what as many
   * coordinates drawn within each tensor tell: a null baseline. Absent: it tells none.
   */
  readonly maskTokens?: { readonly named: Int32Array; readonly control: Int32Array };
  /**
   * Where the attack puts tokens in order: one text per sequence of the client, in any order among
   * them, as long as the client's: the input's tokens and the one that follows.
   */
  readonly texts?: readonly Int32Array[];
  /** The text the attacker would answer without any view, as long as each of `texts`. */
  readonly guessedText?: Int32Array;
}

export interface TextOutput {
  readonly kind: 'text';
  readonly targets: readonly RecoveredTokens[];
}

export type AttackOutput = MembershipOutput | ReconstructionOutput | TextOutput | KeyOutput;
export type AttackKind = AttackOutput['kind'];

/** The attack can't be asked here; a result, not a failure. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

export interface AttackContext<P> {
  readonly params: P;
  readonly adversary: AdversaryId;
  /**
   * A client's transmission as this adversary reads it.
   * @throws {NotApplicable} when the protocol gives this adversary nothing to read.
   */
  expose(target: { readonly client: number; readonly round: number }): Exposure;
  /**
   * The adversary `in-the-loop`, and no other, may ask what it would have read of clients of its own,
   * had they taken part in the target's round under the defense. The answers have the shadow clients'
   * order; their numbers are -1, -2, …
   * @throws {NotApplicable} when the defense does more to an update than mask it.
   */
  shadowTransmissions?(
    target: { readonly client: number; readonly round: number },
    clients: readonly ShadowClient[],
  ): Promise<readonly Exposure[]>;
  /** Ciphertexts with what the server was shown of their decryption: a few of every key. */
  keyEvidence(): Promise<KeyEvidenceRecord>;
  readonly model: Model;
  readonly engine: Engine;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  /** Reports how far the attack is, 0 … 1. */
  progress(fraction: number): void;
  /**
   * Work that other cells would repeat, since no defense changes what it is made from (a shadow model,
   * an inversion network), done once per run. `key` names everything the value depends on.
   */
  once(
    key: readonly (string | number)[],
    compute: () => Promise<Float32Array>,
  ): Promise<Float32Array>;
}

/** An algorithm that turns what the server saw into an answer. It never sees the truth. */
export interface Attack<P, O extends AttackOutput = AttackOutput> {
  readonly meta: Meta<P> & {
    readonly kind: O['kind'];
    /**
     * Adversaries the attack makes sense for: `readingAdversaries`, and `in-the-loop` where it asks
     * for shadow transmissions.
     */
    readonly adversaries: readonly AdversaryKind[];
  };
  run(view: ServerView, aux: AuxiliaryKnowledge, context: AttackContext<P>): Promise<O>;
}

/** Types an attack's parameters from its schema; returns it unchanged. */
export function defineAttack<P, O extends AttackOutput>(attack: Attack<P, O>): Attack<P, O> {
  return attack;
}
