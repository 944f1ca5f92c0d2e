import type { AttackKind } from '../api/attack.ts';
import type {
  AttackScores,
  CostSummary,
  Exposition,
  Outcome,
  RoundSummary,
} from '../api/results.ts';
import type { AdversaryId } from '../view/adversaries.ts';

/** `cells/<hash>/cell.json`: what the protocol stage found out, besides the trace of what it did. */
export interface CellRecord {
  readonly cell: { readonly hash: string; readonly row: string; readonly seed: number };
  readonly summary: {
    readonly rounds: readonly RoundSummary[];
    readonly costs: CostSummary;
    readonly exposition: Exposition;
    readonly realisedRatio: number;
  };
  readonly dataset: {
    readonly title: string;
    readonly synthetic: boolean;
    readonly members: number;
    readonly nonMembers: number;
  };
  readonly engine: string;
  /** Folder under `targets/`; a hash of its content. */
  readonly targets: string;
  /**
   * sha256 of what each adversary reads of the targets of each kind; absent where that takes keys or
   * colluders: such an adversary's answers are the cell's own.
   */
  readonly exposures: Readonly<
    Partial<Record<AdversaryId, Readonly<Partial<Record<AttackKind, string>>>>>
  >;
}

/** `attacks/<key>/record.json`: an attack's outcome; its answer lies beside it in `output.bin`. */
export interface AttackRecord {
  /** The cell and adversary it was computed for. */
  readonly owner: { readonly cell: string; readonly adversary: AdversaryId };
  /** It read more than the targets' exposures: the answer holds for its owner only. */
  readonly readsMore: boolean;
  /** Clients that colluded: their own images are no part of the answer. */
  readonly colluders?: readonly number[];
  readonly outcome: Extract<Outcome<AttackScores>, { status: 'ok' | 'not-applicable' }>;
}
