import type { Defense, MaskRound, ProposingClient } from '../api/defense.ts';
import type { RandomStream } from '../engine/random.ts';
import type { ParameterLayout } from '../models/layout.ts';
import { type CoordinateSet, coordinateSet } from '../view/coordinate-set.ts';
import type { LocalData } from './local-data.ts';
import {
  checkMask,
  checkProposal,
  checkScores,
  MaskError,
  requireComplete,
} from './mask-checks.ts';
import { secondsSince } from './stopwatch.ts';
import type { ClientUpdate } from './updates.ts';

/** A client as mask agreement meets it. */
export interface Voter extends Pick<ClientUpdate, 'client' | 'localModel' | 'gradient'> {
  /** What it started from. */
  readonly start: Float32Array;
}

/** What a round's mask agreement came to. */
export interface Agreement {
  /** m̄, 1 = encrypted; the union where masks are individual. */
  readonly mask: CoordinateSet;
  /** One per voter, where masks are individual. */
  readonly masks?: readonly CoordinateSet[];
  /** One per voter, where clients proposed. */
  readonly proposals?: readonly Uint32Array[];
  /** Whether clients selected the mask from scores that the server did not read. */
  readonly selected: boolean;
  /** Client seconds of proposing or scoring, one per voter; a recorded gradient counts as measured. */
  readonly clientSeconds: readonly number[];
  readonly serverSeconds: number;
}

/** Sums clients' scores under encryption, weighted by their samples; clients get the sum. */
export type ScoreExchange = (
  scores: readonly { readonly client: number; readonly values: Float32Array }[],
) => Promise<Float32Array>;

export interface MaskAgreementSettings<P, M> {
  readonly defense: Defense<P, M>;
  readonly params: P;
  readonly layout: ParameterLayout;
  readonly initialModel: Float32Array;
  readonly random: RandomStream;
  /** Ordinary clients; ids from there on are probes, which don't vote. */
  readonly clients: number;
  readonly data: LocalData;
}

/** Carries a defense's mask policy through the rounds: memories, proposals, scores, consensus. */
export class MaskAgreement<P, M> {
  readonly #settings: MaskAgreementSettings<P, M>;
  readonly #memories = new Map<number, M>();
  #mask: CoordinateSet;
  #settled = false;

  /** @throws {MaskError} a policy that can't decide on a mask. */
  constructor(settings: MaskAgreementSettings<P, M>) {
    requireComplete(settings.defense, settings.params);
    this.#settings = settings;
    this.#mask = new Uint8Array(settings.layout.size);
  }

  /** The agreement of all ordinary clients on w_0. */
  beforeTraining(sumScores?: ScoreExchange): Promise<Agreement> {
    const { clients, data, initialModel } = this.#settings;
    const voters = Array.from(
      { length: clients },
      (_, client): Voter => ({
        client,
        start: initialModel,
        localModel: initialModel,
        async gradient() {
          const asked = performance.now();
          const values = await data.computations(client).gradient(initialModel);
          return { values, seconds: secondsSince(asked) };
        },
      }),
    );
    return this.agree(0, initialModel, voters, sumScores);
  }

  /** @throws {MaskError} naming the round, the client and what its proposal or the mask breaks. */
  async agree(
    round: number,
    globalModel: Float32Array,
    voters: readonly Voter[],
    sumScores?: ScoreExchange,
  ): Promise<Agreement> {
    if (this.#settled)
      return {
        mask: this.#mask,
        selected: false,
        clientSeconds: voters.map(() => 0),
        serverSeconds: 0,
      };
    const { defense, params, layout, random } = this.#settings;
    const policy = defense.mask;
    const individual = policy.individual?.(params) ?? false;
    const clients = voters.map((voter) => this.#proposing(round, voter));
    const seconds = voters.map(() => 0);
    const proposals = await this.#propose(clients, seconds);
    const facts: MaskRound = {
      round,
      size: layout.size,
      layout,
      globalModel,
      proposals: proposals.filter((_, at) => this.#votes(voters[at] as Voter)),
      random: random.derive('consensus', round),
    };
    const began = performance.now();
    const masks = individual
      ? proposals.map((proposal) => coordinateSet(layout.size, proposal))
      : undefined;
    const mask = masks ? unionOf(masks) : await this.#decide(facts, clients, seconds, sumScores);
    const serverSeconds = policy.score ? 0 : secondsSince(began);
    checkMask(defense.meta.id, mask, layout.size, round);

    for (const [at, { client }] of clients.entries()) {
      if (!policy.conclude) break;
      const concluding = performance.now();
      policy.conclude(client, masks?.[at] ?? mask, this.#memory(client.client), params);
      seconds[at] = (seconds[at] as number) + secondsSince(concluding);
    }
    this.#mask = mask;
    this.#settled = policy.when(params) !== 'every-round';
    return {
      mask,
      ...(masks && { masks }),
      ...(policy.propose && { proposals }),
      selected: policy.score !== undefined,
      clientSeconds: seconds,
      serverSeconds,
    };
  }

  /** Asks everybody, probes too: each has a memory and, where masks are individual, a mask. */
  async #propose(clients: readonly Proposing[], seconds: number[]): Promise<Uint32Array[]> {
    const { defense, params, layout } = this.#settings;
    const proposals: Uint32Array[] = [];
    for (const [at, { client, clock }] of clients.entries()) {
      if (!defense.mask.propose) break;
      const began = performance.now();
      const memory = this.#memory(client.client);
      const proposal = await defense.mask.propose(client, memory, params);
      seconds[at] = secondsSince(began) + clock.charged - clock.waited;
      checkProposal(defense.meta.id, proposal, layout.size, client);
      proposals.push(proposal);
    }
    return proposals;
  }

  async #decide(
    facts: MaskRound,
    clients: readonly Proposing[],
    seconds: number[],
    sumScores: ScoreExchange | undefined,
  ): Promise<CoordinateSet> {
    const { defense, params, layout } = this.#settings;
    const { agree, score, select } = defense.mask;
    if (agree) return agree.call(defense.mask, facts, params);
    if (!score || !select || !sumScores)
      throw new MaskError(`The defense ${defense.meta.id} has no way to decide on a mask.`);
    const scored: { client: number; values: Float32Array }[] = [];
    for (const [at, { client, clock }] of clients.entries()) {
      if (!this.#votes(client)) continue;
      const began = performance.now();
      const values = await score.call(defense.mask, client, params);
      seconds[at] = secondsSince(began) + clock.charged - clock.waited;
      checkScores(defense.meta.id, values, layout.size, client);
      scored.push({ client: client.client, values });
    }
    const sum = await sumScores(scored);
    const selecting = performance.now();
    const mask = select.call(defense.mask, sum, facts, params);
    for (const [at, { client }] of clients.entries())
      if (this.#votes(client)) seconds[at] = (seconds[at] as number) + secondsSince(selecting);
    return mask;
  }

  #votes({ client }: { readonly client: number }): boolean {
    return client < this.#settings.clients;
  }

  #memory(client: number): M {
    const known = this.#memories.get(client);
    if (known !== undefined) return known;
    const { defense, initialModel } = this.#settings;
    // Without `remember`, M is undefined by definition.
    const fresh = defense.mask.remember?.(initialModel) as M;
    this.#memories.set(client, fresh);
    return fresh;
  }

  /** The client as its policy sees it, and the clock of its gradients: waited here, charged to it. */
  #proposing(round: number, voter: Voter): Proposing {
    const { layout, random, data } = this.#settings;
    const clock = { waited: 0, charged: 0 };
    const { client, start, localModel } = voter;
    const own = () => data.computations(client);
    return {
      clock,
      client: {
        client,
        round,
        layout,
        globalModel: start,
        previousMask: this.#mask,
        localModel,
        async gradient() {
          const asked = performance.now();
          const gradient = await voter.gradient();
          clock.waited += secondsSince(asked);
          clock.charged += gradient.seconds;
          return gradient.values;
        },
        sensitivity: async () => own().sensitivity(localModel),
        meanAbsoluteGradient: async () => own().meanAbsoluteGradient(localModel),
        hessianGradient: async () => own().hessianGradient(localModel),
        loss: async (weights) => own().loss(weights),
        random: random.derive('proposal', round, client),
      },
    };
  }
}

interface Proposing {
  readonly client: ProposingClient;
  readonly clock: { waited: number; charged: number };
}

function unionOf(masks: readonly CoordinateSet[]): CoordinateSet {
  const union = new Uint8Array(masks[0]?.length ?? 0);
  for (const mask of masks)
    for (let at = 0; at < union.length; at++)
      union[at] = (union[at] as number) | (mask[at] as number);
  return union;
}
