import { type CoordinateSet, PartialVector } from '../view/partial-vector.ts';
import type { RoundView, ServerView, Transmission } from '../view/server-view.ts';
import type { ClientUpdate } from './updates.ts';

/** The public facts of a federation. */
export type Setting = Omit<ServerView, 'rounds' | 'finalModel'>;

/** A client's transmission: what the server gets of it, and what it holds in truth. */
export interface Sent
  extends Pick<Transmission, 'weight' | 'proposal' | 'mask' | 'sent' | 'ciphertexts'> {
  readonly update: Omit<ClientUpdate, 'trainSeconds' | 'gradient'> & {
    /** Where it isn't the round's global model. */
    readonly start?: Float32Array;
  };
}

/** A round's events, which the server sees too. */
export type RoundFacts = Pick<RoundView, 'mask' | 'dropouts' | 'opening' | 'lost' | 'blocks'>;

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
  addRound(facts: RoundFacts, sent: readonly Sent[], nextModel: Float32Array): void {
    const round = this.#view.length + 1;
    const transmissions = (read: (one: Sent) => Pick<Transmission, 'weights' | 'start'>) =>
      sent.map((one): Transmission => {
        const { client, samples, localSteps, batchSize } = one.update;
        const { update: _, ciphertexts, ...rest } = one;
        return {
          client,
          samples,
          localSteps,
          batchSize,
          ...rest,
          ...read(one),
          ciphertexts,
        };
      });
    this.#view.push({
      round,
      globalModel: this.#known,
      ...facts,
      transmissions: transmissions((one) => ({ weights: this.#received(facts.mask, one) })),
    });
    this.#oracle.push({
      round,
      globalModel: PartialVector.complete(this.#model),
      ...facts,
      transmissions: transmissions(({ update: { localModel, start } }) => ({
        weights: PartialVector.complete(localModel),
        ...(start && { start: PartialVector.complete(start) }),
      })),
    });
    this.#model = nextModel;
    if (!facts.lost) this.#known = this.#learned(facts.mask, sent, nextModel);
  }

  view(): ServerView {
    return { ...this.#setting, rounds: this.#view, finalModel: this.#known };
  }

  oracle(): ServerView {
    const finalModel = PartialVector.complete(this.#model);
    return { ...this.#setting, rounds: this.#oracle, finalModel };
  }

  /** What travelled of a client's model in plaintext. */
  #received(roundMask: CoordinateSet, { update, mask = roundMask, sent }: Sent): PartialVector {
    if (this.#setting.rest) return PartialVector.unknown(mask.length);
    const plain = mask.map((bit, at) => (1 - bit) & (sent ? (sent[at] as number) : 1));
    return PartialVector.restrict(update.localModel, plain);
  }

  /** What the server gets of a new global model: also where nothing changed that it knew before. */
  #learned(mask: CoordinateSet, sent: readonly Sent[], model: Float32Array): PartialVector {
    const { serverLearns, rest } = this.#setting;
    if (serverLearns === 'aggregate') return PartialVector.complete(model);
    const partly = sent.flatMap((one) => (one.sent ? [one.sent] : []));
    const before = this.#known.known;
    const known = mask.map((masked, at) => {
      if (masked === 1) return 0;
      if (rest === 'zero') return 1;
      const byAll = rest !== 'kept' && partly.every((set) => set[at] === 1);
      return byAll ? 1 : (before[at] as number);
    });
    return PartialVector.restrict(model, known);
  }
}
