import type { CoordinateSet } from '../view/coordinate-set.ts';

/**
 * The models of a federation whose clients keep what nobody sent (`rest: kept`). A client goes on from
 * its own model, with everything that was averaged since it last took part.
 */
export class KeptModels {
  /** The most recent mean of each coordinate; w_0 where there was none. */
  #means: Float32Array;
  /** The round each coordinate was last averaged in; 0: never. */
  readonly #averagedIn: Uint32Array;
  readonly #own = new Map<number, { readonly model: Float32Array; readonly upTo: number }>();

  constructor(initialModel: Float32Array) {
    this.#means = initialModel;
    this.#averagedIn = new Uint32Array(initialModel.length);
  }

  /** What a client starts its next round from, [N]. */
  startOf(client: number): Float32Array {
    const own = this.#own.get(client);
    if (!own) return this.#means;
    return own.model.map((value, at) =>
      (this.#averagedIn[at] as number) > own.upTo ? (this.#means[at] as number) : value,
    );
  }

  /**
   * A round's end.
   *
   * @param means w_t where somebody sent it; undefined when the round was lost
   * @param sent coordinates that somebody sent
   * @param locals w_t^k of all clients that trained, with whether they heard the means
   */
  conclude(
    round: number,
    means: Float32Array | undefined,
    sent: CoordinateSet,
    locals: readonly { client: number; localModel: Float32Array; hears: boolean }[],
  ): void {
    for (const { client, localModel, hears } of locals) {
      const heard = means && hears;
      const model = heard
        ? localModel.map((value, at) => (sent[at] === 1 ? (means[at] as number) : value))
        : localModel;
      this.#own.set(client, { model, upTo: heard ? round : round - 1 });
    }
    if (!means) return;
    this.#means = means;
    for (let at = 0; at < sent.length; at++) if (sent[at] === 1) this.#averagedIn[at] = round;
  }
}
