import type { Defense, UpdateTransform } from '../api/defense.ts';
import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import { type CoordinateSet, complement } from '../view/coordinate-set.ts';
import type { ClientUpdate } from './updates.ts';

/** An update as it leaves its client, before encryption. */
export interface Outgoing {
  readonly update: ClientUpdate;
  /** What the client started from. */
  readonly start: Float32Array;
  /** Transformed and perturbed, [N]. */
  readonly values: Float32Array;
  /** Coordinates that travel as far as the transform goes; absent: all. */
  readonly travelling?: CoordinateSet;
  readonly encrypted: CoordinateSet;
  readonly plain: CoordinateSet;
}

type Transform = UpdateTransform<unknown>;

/** Transforms and perturbs updates, with each client's memory. */
export class OutgoingUpdates<P, M> {
  readonly #defense: Defense<P, M>;
  readonly #params: P;
  readonly #layout: ParameterLayout;
  readonly #random: RandomStream;
  readonly #transform: Transform | undefined;
  readonly #memories = new Map<number, unknown>();

  constructor(defense: Defense<P, M>, params: P, layout: ParameterLayout, random: RandomStream) {
    this.#defense = defense;
    this.#params = params;
    this.#layout = layout;
    this.#random = random;
    this.#transform = defense.transform?.(params);
  }

  /**
   * @param start what the client started from
   * @param mask what it encrypts, as far as it travels
   * @throws {RangeError} when the defense gives a vector of another length.
   */
  send(round: number, update: ClientUpdate, start: Float32Array, mask: CoordinateSet): Outgoing {
    const { client, samples } = update;
    const { values: transformed, sent } = this.#transformed(round, update, start);
    const values =
      this.#defense.perturb?.(this.#params)?.({
        client,
        round,
        samples,
        values: transformed,
        mask,
        random: this.#random.derive('perturb', round, client),
      }) ?? transformed;
    this.#requireSize(values, 'perturb');
    const everywhere = sent === undefined;
    const encrypted = everywhere ? mask : both(mask, sent);
    const inPlaintext = (this.#defense.rest?.(this.#params) ?? 'plaintext') === 'plaintext';
    const off = everywhere ? complementOnce(mask) : both(complementOnce(mask), sent);
    return {
      update,
      start,
      values,
      ...(sent && { travelling: sent }),
      encrypted,
      plain: inPlaintext ? off : nowhere(mask.length),
    };
  }

  /** w_t from the mean of what travelled. */
  received(mean: Float32Array, round: number, globalModel: Float32Array): Float32Array {
    const facts = { round, layout: this.#layout, globalModel };
    const model = this.#transform?.conclude?.(mean, facts) ?? mean;
    this.#requireSize(model, 'transform.conclude');
    return model;
  }

  /**
   * The client's model as far as it travelled, in the eyes of whoever reads all of that; elsewhere its
   * own w_t^k, [N].
   */
  visible({ update, start, values, encrypted, plain }: Outgoing, round: number): Float32Array {
    const facts = { round, layout: this.#layout, globalModel: start };
    const read = this.#transform?.asModel?.(values, facts) ?? values;
    if (read === update.localModel) return read;
    this.#requireSize(read, 'transform.asModel');
    return update.localModel.map((own, at) =>
      encrypted[at] === 1 || plain[at] === 1 ? (read[at] as number) : own,
    );
  }

  #transformed(round: number, { client, localModel }: ClientUpdate, start: Float32Array) {
    const transform = this.#transform;
    if (!transform) return { values: localModel, sent: undefined };
    if (!this.#memories.has(client)) this.#memories.set(client, transform.remember?.(this.#layout));
    const { values, sent } = transform.transform(
      {
        client,
        round,
        layout: this.#layout,
        globalModel: start,
        localModel,
        random: this.#random.derive('transform', round, client),
      },
      this.#memories.get(client),
    );
    this.#requireSize(values, 'transform');
    if (sent) this.#requireSize(sent, 'transform (sent)');
    return { values, sent };
  }

  #requireSize({ length }: ArrayLike<number>, what: string): void {
    const { size } = this.#layout;
    if (length !== size)
      throw new RangeError(
        `The defense ${this.#defense.meta.id} gave ${length} values in ${what} for a model of ${size}.`,
      );
  }
}

const complements = new WeakMap<CoordinateSet, CoordinateSet>();

/** Clients share their mask, and so its complement. */
function complementOnce(set: CoordinateSet): CoordinateSet {
  const known = complements.get(set) ?? complement(set);
  complements.set(set, known);
  return known;
}

const empties = new Map<number, CoordinateSet>();

function nowhere(length: number): CoordinateSet {
  const empty = empties.get(length) ?? new Uint8Array(length);
  empties.set(length, empty);
  return empty;
}

function both(a: CoordinateSet, b: CoordinateSet): CoordinateSet {
  return a.map((bit, at) => bit & (b[at] as number));
}
