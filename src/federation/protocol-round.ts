import type { Defense, Weighting } from '../api/defense.ts';
import type { LostRound, RoundSummary } from '../api/results.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Specification } from '../spec/specification.ts';
import { type Attendance, attend, isLost, lostRound } from './attendance.ts';
import { type Exchanged, exactSum, exchange, type Sending } from './exchange.ts';
import { aggregationWeights } from './fedavg.ts';
import type { FederationKeys } from './federation-keys.ts';
import { KeptModels } from './kept-models.ts';
import type { Ledger, RoundLedger } from './ledger.ts';
import type { LocalTraining } from './local-training.ts';
import type { Agreement, MaskAgreement } from './mask-agreement.ts';
import { combine } from './new-model.ts';
import type { Outgoing, OutgoingUpdates } from './outgoing.ts';
import { exchangeScores } from './score-exchange.ts';
import type { Traffic } from './traffic.ts';
import { type RecordedUpdate, recordUpdate } from './trajectory.ts';
import type { RoundFacts, Sent } from './transcript.ts';
import type { UpdateSource } from './updates.ts';

/** What all rounds of a federation share. */
export interface RoundParts<P, M> {
  readonly defense: Defense<P, M>;
  readonly params: P;
  readonly federation: Specification['federation'];
  readonly source: UpdateSource;
  readonly keys: FederationKeys;
  readonly masks: MaskAgreement<P, M>;
  readonly outgoing: OutgoingUpdates<P, M>;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly training: LocalTraining;
  readonly dataset: Pick<Dataset, 'test'>;
  readonly seed: number;
  readonly signal: AbortSignal;
}

export interface RoundEnd {
  /** w_t, from which the next round starts. */
  readonly nextModel: Float32Array;
  readonly summary: RoundSummary;
  readonly facts: RoundFacts;
  readonly sent: readonly Sent[];
  /** Every client that trained, as what travelled of it shows it. */
  readonly trained: readonly RecordedUpdate[];
}

/** Carries out a defense's protocol, round by round. */
export class ProtocolRounds<P, M> {
  readonly #parts: RoundParts<P, M>;
  readonly #kept: KeptModels | undefined;

  constructor(parts: RoundParts<P, M>) {
    this.#parts = parts;
    this.#kept = restOf(parts) === 'kept' ? new KeptModels(parts.source.initialModel) : undefined;
  }

  /**
   * One round from w_{t-1}: local training, mask agreement, encrypted and plain uploads, aggregation
   * of both, opening and the new model.
   */
  async run(round: number, globalModel: Float32Array): Promise<RoundEnd> {
    const { source, ledger, masks, keys, traffic, outgoing } = this.#parts;
    const startOf = this.#starts(globalModel);
    const updates = await source.clients(round, globalModel, startOf);
    const clients = updates.map(({ client }) => client);
    const costs = ledger.openRound(round, clients);
    for (const { client, trainSeconds } of updates) costs.seconds(client, 'train', trainSeconds);
    const voters = updates.map((update) => ({ ...update, start: startOf(update.client) }));
    const agreement = await masks.agree(round, globalModel, voters, (scores) =>
      exchangeScores({ ...this.#parts, costs }, scores),
    );
    traffic.agreement(costs, clients, agreement);
    costs.aggregated(agreement.serverSeconds);

    const attendance = attend(this.#parts, round, updates);
    const { arrived, drawn } = attendance;
    const all = updates.map((update, k) =>
      outgoing.send(round, update, startOf(update.client), agreement.masks?.[k] ?? agreement.mask),
    );
    const going = all.filter(({ update }) => arrived.includes(update));
    traffic.alignment(
      costs,
      going.map(({ update: { client }, travelling }) => ({
        client,
        ...(travelling && { travelling }),
      })),
    );
    const senders = this.#weigh(attendance, going);
    const openers = isLost(attendance.openers) ? undefined : attendance.openers;
    const exchanged = await exchange(keys, senders, drawn, openers, this.#parts.signal);
    senders.forEach(({ client }, k) => {
      traffic.upload(costs, client, exchanged.senders[k] as Exchanged['senders'][number]);
    });
    costs.aggregated(exchanged.serverSeconds);
    const lost = lostRound(attendance, exchanged);
    if (!lost) this.#deliver(costs, attendance, exchanged);

    const mean = lost
      ? undefined
      : this.#combine(senders, exchanged, exchanged.sum as Float64Array, round, globalModel);
    const exact = mean && this.#combine(senders, exchanged, exactSum(senders), round, globalModel);
    this.#keep(round, mean, exchanged, attendance);
    const nextModel = mean ? source.nextModel(round, mean) : globalModel;
    return {
      nextModel,
      summary: {
        round,
        testAccuracy: await this.#accuracy(mean ?? globalModel, attendance),
        realisedRatio: exchanged.maskedCount / globalModel.length,
        aggregationError: mean && exact ? largestDifference(mean, exact) : 0,
        clients: arrived.length,
        ...(attendance.fallen.length > 0 && { dropouts: attendance.fallen.length }),
        ...(lost && { lost }),
      },
      facts: this.#facts(agreement, attendance, exchanged, lost),
      sent: this.#sent(round, agreement, all, going, senders, exchanged),
      trained: all.map((one) => {
        const localModel = outgoing.visible(one, round);
        return recordUpdate({ ...one.update, localModel }, undefined, this.#ownStart(one));
      }),
    };
  }

  /** What each client starts from; the same array whenever it is asked for in a round. */
  #starts(globalModel: Float32Array): (client: number) => Float32Array {
    const kept = this.#kept;
    if (!kept) return () => globalModel;
    const starts = new Map<number, Float32Array>();
    return (client) => {
      const start = starts.get(client) ?? kept.startOf(client);
      starts.set(client, start);
      return start;
    };
  }

  /** Weighting clients know their p_k before anybody falls out; a weighting server knows who arrived. */
  #weigh({ updates, arrived }: Attendance, going: readonly Outgoing[]): Sending[] {
    const { federation, keys } = this.#parts;
    const among = keys.parameterSet.weighting === 'client' ? updates : arrived;
    const weights = aggregationWeights(among, this.#weighting, federation.clients);
    return going.map(({ update, values, encrypted, plain }) => ({
      client: update.client,
      values,
      encrypted,
      plain,
      weight: weights[among.indexOf(update)] as number,
    }));
  }

  get #weighting(): Weighting {
    const { defense, params, federation } = this.#parts;
    return defense.weighting?.(params) ?? federation.weighting;
  }

  #combine(
    senders: readonly Sending[],
    { masked }: Exchanged,
    sum: Float64Array,
    round: number,
    previous: Float32Array,
  ): Float32Array {
    const mean = combine({ senders, sum, rest: restOf(this.#parts), masked, previous });
    return this.#parts.outgoing.received(mean, round, previous);
  }

  #deliver(costs: RoundLedger, { present, fallen }: Attendance, exchanged: Exchanged): void {
    const { defense, params, traffic } = this.#parts;
    const late = fallen.flatMap(({ client, stage }) =>
      stage === 'before-decryption' ? [client] : [],
    );
    const delivery = { exchanged, recipients: present, fallen: late };
    if (defense.serverLearns(params) === 'aggregate') traffic.throughServer(costs, delivery);
    else traffic.toClients(costs, delivery);
  }

  #keep(
    round: number,
    mean: Float32Array | undefined,
    { sent }: Exchanged,
    { updates, present }: Attendance,
  ): void {
    const locals = updates.map(({ client, localModel }) => ({
      client,
      localModel,
      hears: present.includes(client),
    }));
    this.#kept?.conclude(round, mean, sent, locals);
  }

  /** Of the new model; where clients keep models of their own, the mean over the round's clients. */
  async #accuracy(model: Float32Array, { drawn, present }: Attendance): Promise<number> {
    const { training, dataset, signal } = this.#parts;
    const kept = this.#kept;
    const own = kept ? drawn.filter((client) => present.includes(client)) : [];
    const models = kept && own.length > 0 ? own.map((client) => kept.startOf(client)) : [model];
    let sum = 0;
    for (const one of models) sum += await training.accuracy(one, dataset.test, signal);
    return sum / models.length;
  }

  #facts(
    { mask }: Agreement,
    { drawn, fallen, openers }: Attendance,
    { maskedCount }: Exchanged,
    lost: LostRound | undefined,
  ): RoundFacts {
    const { keys, defense, params } = this.#parts;
    const throughServer = defense.serverLearns(params) === 'aggregate';
    const noise = keys.flooding ? 'flooded' : 'unflooded';
    const opened = maskedCount > 0 && !lost && !isLost(openers);
    const blocks = keys.blocks(maskedCount, drawn);
    return {
      mask,
      ...(fallen.length > 0 && { dropouts: fallen }),
      ...(opened && {
        opening: {
          openers,
          partialDecryptions: throughServer && keys.flooding !== undefined ? noise : 'none',
        },
      }),
      ...(blocks && maskedCount > 0 && { blocks }),
      ...(lost && { lost: true }),
    };
  }

  /** What a client started from, where clients have models of their own. */
  #ownStart({ start }: Outgoing): Float32Array | undefined {
    return this.#kept && start;
  }

  #sent(
    round: number,
    { masks, proposals }: Agreement,
    all: readonly Outgoing[],
    going: readonly Outgoing[],
    sending: readonly Sending[],
    { senders }: Exchanged,
  ): Sent[] {
    const byWeight = this.#weighting !== 'samples';
    return going.map((one, k): Sent => {
      const { update, travelling, encrypted } = one;
      const at = all.indexOf(one);
      const { localModel: _, trainSeconds: _s, gradient: _g, ...facts } = update;
      const proposal = proposals?.[at];
      const start = this.#ownStart(one);
      const localModel = this.#parts.outgoing.visible(one, round);
      return {
        update: { ...facts, localModel, ...(start && { start }) },
        ...(byWeight && { weight: (sending[k] as Sending).weight }),
        ...(proposal && { proposal }),
        ...(masks && { mask: encrypted }),
        ...(travelling && { sent: travelling }),
        ciphertexts: (senders[k] as Exchanged['senders'][number]).ciphertexts,
      };
    });
  }
}

function restOf<P, M>({ defense, params }: Pick<RoundParts<P, M>, 'defense' | 'params'>) {
  return defense.rest?.(params) ?? 'plaintext';
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < a.length; at++)
    largest = Math.max(largest, Math.abs((a[at] as number) - (b[at] as number)));
  return largest;
}
