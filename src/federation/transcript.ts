import { complement } from '../view/coordinate-set.ts';
import { type CoordinateSet, PartialVector } from '../view/partial-vector.ts';
import type { RoundView, ServerView, Transmission } from '../view/server-view.ts';
import type { ClientUpdate } from './updates.ts';

/** The public facts of a federation. */
export type Setting = Omit<ServerView, 'rounds' | 'finalModel'>;

/** A client's transmission: what the server gets of it, and what it holds in truth. */
export interface Sent {
  readonly update: Omit<ClientUpdate, 'trainSeconds' | 'gradient'>;
  readonly received: PartialVector;
  readonly proposal?: Uint32Array;
  readonly ciphertexts: Transmission['ciphertexts'];
}

/**
 * Writes two records side by side: the server's view, and the oracle's, which is the same record
 * without absences. They share no partial vector, so nothing can leak from one into the other.
 */
export class Transcript {
  readonly #setting: Setting;
  readonly #view: RoundView[] = [];
  readonly #oracle: RoundView[] = [];
  #known: PartialVector;
  #model: Float32Array;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#model = setting.initialModel;
    this.#known = PartialVector.complete(setting.initialModel);
  }

  /** @param nextModel w_t, of which the server learns what `serverLearns` says. */
  addRound(mask: CoordinateSet, sent: readonly Sent[], nextModel: Float32Array): void {
    const round = this.#view.length + 1;
    const transmissions = (weights: (one: Sent) => PartialVector) =>
      sent.map((one): Transmission => {
        const { client, samples, localSteps, batchSize } = one.update;
        return {
          client,
          samples,
          localSteps,
          batchSize,
          ...(one.proposal && { proposal: one.proposal }),
          weights: weights(one),
          ciphertexts: one.ciphertexts,
        };
      });
    this.#view.push({
      round,
      globalModel: this.#known,
      mask,
      transmissions: transmissions(({ received }) => received),
    });
    this.#oracle.push({
      round,
      globalModel: PartialVector.complete(this.#model),
      mask,
      transmissions: transmissions(({ update }) => PartialVector.complete(update.localModel)),
    });
    this.#model = nextModel;
    this.#known =
      this.#setting.serverLearns === 'aggregate'
        ? PartialVector.complete(nextModel)
        : PartialVector.restrict(nextModel, complement(mask));
  }

  view(): ServerView {
    return { ...this.#setting, rounds: this.#view, finalModel: this.#known };
  }

  oracle(): ServerView {
    const finalModel = PartialVector.complete(this.#model);
    return { ...this.#setting, rounds: this.#oracle, finalModel };
  }
}
