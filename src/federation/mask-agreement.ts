import type { Defense, ProposingClient } from '../api/defense.ts';
import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import type { CoordinateSet } from '../view/coordinate-set.ts';
import { secondsSince } from './stopwatch.ts';
import type { ClientUpdate } from './updates.ts';

/** A defense whose masks or proposals are not what its contract says. */
export class MaskError extends Error {
  override readonly name = 'MaskError';
}

/** What a round's mask agreement came to. */
export interface Agreement {
  /** m̄, 1 = encrypted. */
  readonly mask: CoordinateSet;
  /** One per update, where clients proposed. */
  readonly proposals?: readonly Uint32Array[];
  /** Client seconds of proposing, one per update; a recorded gradient counts as it was measured. */
  readonly clientSeconds: readonly number[];
  readonly serverSeconds: number;
}

/** Carries a defense's mask policy through the rounds: memories, proposals, consensus. */
export class MaskAgreement<P, M> {
  readonly #defense: Defense<P, M>;
  readonly #params: P;
  readonly #layout: ParameterLayout;
  readonly #initialModel: Float32Array;
  readonly #random: RandomStream;
  readonly #memories = new Map<number, M>();
  #mask: CoordinateSet;
  #settled = false;

  constructor(
    defense: Defense<P, M>,
    params: P,
    layout: ParameterLayout,
    initialModel: Float32Array,
    random: RandomStream,
  ) {
    this.#defense = defense;
    this.#params = params;
    this.#layout = layout;
    this.#initialModel = initialModel;
    this.#random = random;
    this.#mask = new Uint8Array(layout.size);
  }

  /** @throws {MaskError} naming the round, the client and what its proposal or the mask breaks. */
  async agree(
    round: number,
    globalModel: Float32Array,
    updates: readonly ClientUpdate[],
  ): Promise<Agreement> {
    if (this.#settled)
      return { mask: this.#mask, clientSeconds: updates.map(() => 0), serverSeconds: 0 };
    const { mask: policy } = this.#defense;
    const clients = updates.map((update) => this.#proposing(round, globalModel, update));
    const clientSeconds = updates.map(() => 0);
    const proposals: Uint32Array[] = [];
    for (const [at, { client, seconds }] of clients.entries()) {
      if (!policy.propose) break;
      const began = performance.now();
      const memory = this.#memory(client.client);
      const proposal = await policy.propose(client, memory, this.#params);
      clientSeconds[at] = secondsSince(began) + seconds.charged - seconds.waited;
      this.#checkProposal(proposal, client);
      proposals.push(proposal);
    }

    const began = performance.now();
    const random = this.#random.derive('consensus', round);
    const mask = policy.agree?.(
      { round, size: this.#layout.size, layout: this.#layout, globalModel, proposals, random },
      this.#params,
    );
    if (!mask) throw new MaskError(`The defense ${this.#defense.meta.id} has no mask.agree.`);
    const serverSeconds = secondsSince(began);
    this.#checkMask(mask, round);

    for (const [at, { client }] of clients.entries()) {
      if (!policy.conclude) break;
      const concluding = performance.now();
      policy.conclude(client, mask, this.#memory(client.client), this.#params);
      clientSeconds[at] = (clientSeconds[at] as number) + secondsSince(concluding);
    }
    this.#mask = mask;
    this.#settled = policy.when(this.#params) === 'once';
    return { mask, ...(policy.propose && { proposals }), clientSeconds, serverSeconds };
  }

  #memory(client: number): M {
    const known = this.#memories.get(client);
    if (known !== undefined) return known;
    // Without `remember`, M is undefined by definition.
    const fresh = this.#defense.mask.remember?.(this.#initialModel) as M;
    this.#memories.set(client, fresh);
    return fresh;
  }

  /** The client as its policy sees it, and the clock of its gradients: waited here, charged to it. */
  #proposing(round: number, globalModel: Float32Array, update: ClientUpdate) {
    const seconds = { waited: 0, charged: 0 };
    const computation = (name: string): never => {
      throw new MaskError(`Clients can't compute their ${name} yet.`);
    };
    const client: ProposingClient = {
      client: update.client,
      round,
      layout: this.#layout,
      globalModel,
      previousMask: this.#mask,
      localModel: update.localModel,
      async gradient() {
        const asked = performance.now();
        const gradient = await update.gradient();
        seconds.waited += secondsSince(asked);
        seconds.charged += gradient.seconds;
        return gradient.values;
      },
      sensitivity: () => computation('sensitivity'),
      meanAbsoluteGradient: () => computation('meanAbsoluteGradient'),
      hessianGradient: () => computation('hessianGradient'),
      loss: () => computation('loss'),
      random: this.#random.derive('proposal', round, update.client),
    };
    return { client, seconds };
  }

  #checkProposal(proposal: Uint32Array, { client, round }: ProposingClient): void {
    const { size } = this.#layout;
    const where = `The defense ${this.#defense.meta.id} made client ${client} propose in round ${round}`;
    const seen = new Uint8Array(size);
    for (const coordinate of proposal) {
      if (coordinate >= size)
        throw new MaskError(
          `${where} coordinate ${coordinate} of a model of ${size}. Proposals name coordinates from 0 to ${size - 1}.`,
        );
      if (seen[coordinate] === 1)
        throw new MaskError(
          `${where} coordinate ${coordinate} twice. Proposals name each coordinate once, most wanted first.`,
        );
      seen[coordinate] = 1;
    }
  }

  #checkMask(mask: CoordinateSet, round: number): void {
    const where = `The defense ${this.#defense.meta.id} agreed in round ${round} on a mask`;
    const { size } = this.#layout;
    if (mask.length !== size)
      throw new MaskError(
        `${where} of ${mask.length} coordinates for a model of ${size}. Masks have one byte per coordinate.`,
      );
    const odd = mask.findIndex((bit) => bit > 1);
    if (odd >= 0)
      throw new MaskError(
        `${where} that holds ${mask[odd]} at coordinate ${odd}. Masks hold 1 where a coordinate is encrypted and 0 elsewhere.`,
      );
  }
}
