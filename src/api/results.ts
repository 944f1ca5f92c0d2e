import type { KeySetupId, ParameterSetId } from '../crypto/scheme.ts';
import type { AdversaryId } from '../view/adversaries.ts';
import type { AttackKind } from './attack.ts';
import type { MetricValue } from './metric.ts';

/** An error is a result; the run goes on. */
export type Outcome<T> =
  | { readonly status: 'ok'; readonly value: T }
  | { readonly status: 'not-applicable'; readonly reason: string }
  | {
      readonly status: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  | { readonly status: 'timed-out'; readonly limitSeconds: number }
  | { readonly status: 'skipped'; readonly reason: string };

/** One defense with its parameters: a row of the report's tables, over all seeds. */
export interface DefenseRow {
  /** `maskcrypt(ratio=0.05)`: unique in a run, readable. */
  readonly key: string;
  readonly defense: string;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** `null` where the defense is not given a ratio. */
  readonly targetRatio: number | null;
  /** The mask is chosen blindly (`Defense.control`): others are compared with it. */
  readonly control?: true;
  readonly source: string;
}

export type ByteKind =
  | 'plain-values'
  | 'ciphertexts'
  | 'mask-proposal'
  | 'mask'
  | 'keys'
  | 'partial-decryptions';
export type StepName = 'train' | 'mask' | 'encrypt' | 'aggregate' | 'decrypt';

/**
 * Costs of one cell. Bytes are exact; seconds are measured; the wall clock is simulated. Probe clients
 * are left out, except that the server's seconds include the sums of their uploads.
 */
export interface CostSummary {
  /** Mean per participating client and round, bytes. */
  readonly bytesPerClientRound: {
    readonly up: Readonly<Partial<Record<ByteKind, number>>>;
    readonly down: Readonly<Partial<Record<ByteKind, number>>>;
  };
  /** All clients, all rounds, bytes; keys included. */
  readonly totalBytes: { readonly up: number; readonly down: number };
  /** Mean seconds per client and round (train, mask, encrypt, decrypt) or per round (aggregate). */
  readonly seconds: Readonly<Record<StepName, number>>;
  /**
   * Simulated seconds per round: slowest client's compute and upload, server aggregation, download
   * and decryption, at `bandwidthBitsPerSecond`.
   */
  readonly roundSeconds: number;
  /** Measured seconds of generating and exchanging keys, all parties together; once, outside the rounds. */
  readonly keySeconds?: number;
  /** Which seconds were not measured in full, and from what they are extrapolated. */
  readonly extrapolated?: string;
  readonly bandwidthBitsPerSecond: number;
}

export interface RoundSummary {
  readonly round: number;
  /** Accuracy of the aggregated (decrypted) global model on the test set, 0 … 1. */
  readonly testAccuracy: number;
  readonly realisedRatio: number;
  /** max |new global model − the same computed without encryption| over all weights. */
  readonly aggregationError: number;
  /** Clients whose upload arrived. */
  readonly clients: number;
  /** Clients that fell out of the round, at any stage. */
  readonly dropouts?: number;
  /** Why there is no new global model; it stays as it was. */
  readonly lost?: LostRound;
}

/** A round whose aggregate could not be made or opened. */
export interface LostRound {
  readonly cause: 'no-upload' | 'nobody-left' | 'missing-key' | 'below-threshold';
  /** Clients whose absence caused it. */
  readonly missing: readonly number[];
  /** A sentence. */
  readonly reason: string;
}

/** What the server learns, as shown in the who-sees-what matrix. */
export interface Exposition {
  readonly plaintextShare: number;
  readonly globalModel: 'plain-part' | 'aggregate';
  readonly proposalsVisible: boolean;
  readonly parameterSet: ParameterSetId;
  readonly keySetup: KeySetupId;
  /** Why this protects nothing, where a defense is there to show a leak. */
  readonly insecure?: string;
}

/** A gray or RGB image, 8 bit, base64 of height × width × channels bytes. */
export interface StoredImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: string;
}

export interface GalleryItem {
  /** -1: the image is one of a round's aggregate. */
  readonly client: number;
  readonly round: number;
  readonly localSteps: number;
  readonly label: number;
  readonly guessedLabel: number;
  readonly from: 'update' | 'prior';
  readonly original: StoredImage;
  readonly reconstruction: StoredImage;
  readonly psnr: number;
  readonly ssim: number | null;
}

/**
 * How a token fared that is in the probe's text or in an attack's answer: `right` is in both, at the
 * same place where the answer has an order; `elsewhere` in both, at other places; `wrong` in this one
 * alone.
 */
export type TokenFate = 'right' | 'elsewhere' | 'wrong';

/** Tokens in a row that fared alike. */
export interface TextStretch {
  readonly text: string;
  /** How many. */
  readonly tokens: number;
  readonly fate: TokenFate;
}

/** A text and an answer, each marked by the other. */
export interface TextReading {
  readonly original: readonly TextStretch[];
  /** Where the answer has no order, a stretch is one token. */
  readonly answer: readonly TextStretch[];
}

/** A probe's text beside what an attack recovered of it. */
export interface TextExhibit extends TextReading {
  readonly client: number;
  readonly round: number;
  readonly localSteps: number;
  readonly from: 'update' | 'prior';
  /** Whether the answer is a text; else it is a list of different tokens. */
  readonly ordered: boolean;
  /** What the attacker would have answered without any view. */
  readonly guess?: TextReading;
}

/** False and true positive rate, both rising from 0 to 1. */
export type RocCurve = readonly (readonly [fpr: number, tpr: number])[];

export interface AttackScores {
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly seconds: number;
  readonly roc?: RocCurve;
  readonly gallery?: readonly GalleryItem[];
  readonly texts?: readonly TextExhibit[];
}

export interface AttackResult {
  readonly attack: string;
  readonly kind: AttackKind;
  readonly adversary: AdversaryId;
  readonly outcome: Outcome<AttackScores>;
}

/** One defense, one seed. */
export interface CellResult {
  /** Canonical hash of everything the cell depends on. */
  readonly hash: string;
  readonly row: string;
  readonly seed: number;
  readonly federation: Outcome<{
    readonly rounds: readonly RoundSummary[];
    readonly costs: CostSummary;
    readonly exposition: Exposition;
    readonly realisedRatio: number;
  }>;
  readonly attacks: readonly AttackResult[];
}

/** One number of the verdict table: a defense under an attack by an adversary, over all seeds. */
export interface PooledScore {
  readonly row: string;
  readonly attack: string;
  readonly adversary: AdversaryId;
  readonly metric: string;
  readonly value: MetricValue;
  readonly seeds: number;
  /** Set where nothing was exposed: every answer is what the attacker guesses without any view. */
  readonly guessed?: true;
}

/** Two defenses on the same seeds, clients and images: value(a) − value(b). */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly attack: string;
  readonly adversary: AdversaryId;
  readonly metric: string;
  readonly realisedRatio: { readonly a: number; readonly b: number };
  /** False when the realised ratios differ by more than 1 % of N: shown, but not as a fair one. */
  readonly equalRatio: boolean;
  readonly difference: MetricValue;
  /** Two-sided bootstrap p, and after Holm's correction over all comparisons of the run. */
  readonly p: number;
  readonly adjustedP: number;
  /** Which defense leaks less; `undecided` unless the corrected p is below .05. */
  readonly verdict: 'a-leaks-less' | 'b-leaks-less' | 'undecided';
}

export interface AttackDescription {
  readonly id: string;
  readonly title: string;
  readonly kind: AttackKind;
  readonly source: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface MetricDescription {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly kind: AttackKind;
  readonly higherMeansMoreLeakage: boolean;
  readonly source: string;
}

export interface AdversaryDescription {
  readonly id: AdversaryId;
  readonly title: string;
  readonly knows: string;
  /**
   * Whom the attack takes. A headline is the strongest adversary that needs the server alone; one that
   * needs colluding clients too is shown beside it, and `upper-bound` is no real attacker.
   */
  readonly needs: 'server' | 'colluders' | 'upper-bound';
}

/** `runs/<name>/results.json`: everything the report shows. */
export interface RunResults {
  readonly format: 'hefl-results/1';
  readonly name: string;
  readonly title: string;
  readonly createdAt: string;
  readonly wallSeconds: number;
  /** The frozen specification with all defaults filled in. */
  readonly specification: Readonly<Record<string, unknown>>;
  readonly environment: {
    readonly heflVersion: string;
    readonly node: string;
    readonly cpu: string;
    readonly cores: number;
    readonly engine: string;
    readonly heLibrary: string;
    /** Commit, with `-dirty` appended; null outside a checkout. */
    readonly git: string | null;
  };
  readonly dataset: {
    readonly id: string;
    readonly title: string;
    readonly synthetic: boolean;
    readonly members: number;
    readonly nonMembers: number;
  };
  readonly model: { readonly id: string; readonly title: string; readonly parameters: number };
  readonly seeds: readonly number[];
  readonly rows: readonly DefenseRow[];
  readonly attacks: readonly AttackDescription[];
  readonly adversaries: readonly AdversaryDescription[];
  readonly metrics: readonly MetricDescription[];
  readonly cells: readonly CellResult[];
  readonly pooled: readonly PooledScore[];
  readonly comparisons: readonly Comparison[];
  readonly warnings: readonly string[];
  /** Of the run's further experiments; these have no others. */
  readonly also?: readonly RunResults[];
}

/** A run's experiments, the first one first. */
export function allResults(results: RunResults): readonly RunResults[] {
  return [results, ...(results.also ?? [])];
}
