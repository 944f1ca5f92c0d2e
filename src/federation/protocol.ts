import type { Defense } from '../api/defense.ts';
import type { CostSummary, Exposition, RoundSummary } from '../api/results.ts';
import type { KeyRing } from '../crypto/scheme.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Engine } from '../engine/program.ts';
import { randomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import type { Specification } from '../spec/specification.ts';
import { countCoordinates } from '../view/coordinate-set.ts';
import type { ServerView } from '../view/server-view.ts';
import { ciphertextBytes, Exchange, type Upload } from './exchange.ts';
import { aggregationWeights, weightedMean } from './fedavg.ts';
import { Ledger, type RoundCosts } from './ledger.ts';
import { localTraining } from './local-training.ts';
import { MaskAgreement } from './mask-agreement.ts';
import { Traffic } from './traffic.ts';
import { recordUpdate, type Trajectory } from './trajectory.ts';
import { type Sent, Transcript } from './transcript.ts';
import type { ClientUpdate, UpdateSource } from './updates.ts';

export interface ProtocolSettings<P, M> {
  readonly defense: Defense<P, M>;
  readonly params: P;
  readonly updates: UpdateSource;
  readonly specification: Pick<Specification, 'federation' | 'network'>;
  readonly model: Model;
  readonly engine: Engine;
  /** Measures the accuracy of each decrypted aggregate. */
  readonly dataset: Pick<Dataset, 'test'>;
  /** Of the defense's key setup and parameter set. */
  readonly keyRing: KeyRing;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Share of rounds done, 0 … 1. */
  progress(fraction: number): void;
}

/** Everything a federation under one defense leaves behind. */
export interface FederationRecord {
  readonly view: ServerView;
  /** The same record without absences; for the oracle alone. */
  readonly oracle: ServerView;
  /** The training the protocol ran on, without gradients. */
  readonly training: Trajectory;
  readonly rounds: readonly RoundSummary[];
  readonly costs: CostSummary;
  readonly ledger: readonly RoundCosts[];
  readonly exposition: Exposition;
  /** Mean share of encrypted coordinates over all rounds. */
  readonly realisedRatio: number;
}

/**
 * Carries out a defense's protocol, round by round: proposals, consensus, plaintext part and real
 * ciphertexts, aggregation of both, decryption and merge.
 *
 * Where the server learns the aggregate, the round's first client decrypts it and returns the values,
 * and the server sends the whole model out in plaintext. Elsewhere every client gets both halves and
 * decrypts for itself; that is done and measured once and charged to each.
 *
 * @throws {RangeError} when the key ring is not of the defense's key setup and parameter set.
 * @throws {MaskError} when the defense's masks or proposals are not what its contract says.
 */
export async function runProtocol<P, M>(
  settings: ProtocolSettings<P, M>,
): Promise<FederationRecord> {
  const { defense, params, updates: source, specification, model, keyRing, signal } = settings;
  const { federation, network } = specification;
  requireSupported(defense, params);
  requireKeyRing(defense.keys(params).setup, defense.scheme(params), settings);
  const training = localTraining(settings.engine, model, federation.batchSize);
  const { size } = model.layout;
  const serverLearns = defense.serverLearns(params);
  const encryption = { parameterSet: keyRing.parameterSet.id, keySetup: keyRing.keySetup };
  const transcript = new Transcript({
    model: model.id,
    size,
    hyper: {
      learningRate: federation.learningRate,
      localEpochs: federation.localEpochs,
      batchSize: federation.batchSize,
    },
    encryption,
    serverLearns,
    initialModel: source.initialModel,
  });
  const random = randomStream(settings.seed, 'protocol');
  const masks = new MaskAgreement(defense, params, model.layout, source.initialModel, random);
  const ledger = new Ledger((client) => client < federation.clients);
  const traffic = new Traffic(keyRing, ledger);
  const rounds: RoundSummary[] = [];
  const trained: Trajectory['rounds'][number][] = [];
  let globalModel = source.initialModel;

  for (let round = 1; round <= federation.rounds; round++) {
    signal.throwIfAborted();
    const updates = await source.clients(round, globalModel);
    const weights = aggregationWeights(updates);
    const costs = ledger.openRound(
      round,
      updates.map(({ client }) => client),
    );
    const agreement = await masks.agree(round, globalModel, updates);
    const masked = countCoordinates(agreement.mask);
    traffic.agreement(costs, updates, agreement, masked);

    const exchange = new Exchange(keyRing, agreement.mask, masked);
    const uploads: Upload[] = [];
    for (const [k, update] of updates.entries()) {
      signal.throwIfAborted();
      const upload = await exchange.upload(update, weights[k] as number);
      costs.seconds(update.client, 'train', update.trainSeconds);
      traffic.upload(costs, update, upload);
      uploads.push(upload);
    }

    const aggregate = await exchange.aggregate(uploads, weights);
    costs.aggregated(agreement.serverSeconds + aggregate.seconds);
    const decrypting = updates[0] as ClientUpdate;
    const { model: merged, seconds } = await exchange.open(aggregate, decrypting.client);
    const decryptors = serverLearns === 'aggregate' ? [decrypting] : updates;
    for (const { client } of decryptors) costs.seconds(client, 'decrypt', seconds);
    if (serverLearns === 'aggregate') traffic.aggregateThroughServer(costs, updates, aggregate);
    else traffic.aggregateToClients(costs, updates, aggregate);

    const nextModel = source.nextModel(round, merged);
    const sent = updates.map((update, k): Sent => {
      const { plain, encrypted } = uploads[k] as Upload;
      const proposal = agreement.proposals?.[k];
      return {
        update,
        received: plain,
        ...(proposal && { proposal }),
        ciphertexts: {
          count: encrypted?.ciphertexts.length ?? 0,
          bytes: ciphertextBytes(encrypted),
        },
      };
    });
    trained.push({ round, globalModel, clients: updates.map((update) => recordUpdate(update)) });
    transcript.addRound(agreement.mask, sent, nextModel);
    const plainFedAvg = weightedMean(
      updates.map(({ localModel }) => localModel),
      weights,
    );
    rounds.push({
      round,
      testAccuracy: await training.accuracy(merged, settings.dataset.test, signal),
      realisedRatio: masked / size,
      aggregationError: largestDifference(merged, plainFedAvg),
      clients: updates.length,
    });
    globalModel = nextModel;
    settings.progress(round / federation.rounds);
  }

  const realisedRatio =
    rounds.reduce((total, round) => total + round.realisedRatio, 0) / rounds.length;
  return {
    view: transcript.view(),
    oracle: transcript.oracle(),
    training: {
      format: 'hefl-trajectory/1',
      model: model.id,
      size,
      rounds: trained,
      finalModel: globalModel,
    },
    rounds,
    costs: ledger.summarise(network.bitsPerSecond),
    ledger: ledger.rounds,
    exposition: {
      plaintextShare: 1 - realisedRatio,
      globalModel: serverLearns,
      proposalsVisible: defense.mask.propose !== undefined,
      ...encryption,
    },
    realisedRatio,
  };
}

function requireKeyRing<P, M>(
  setup: string,
  scheme: string,
  { defense, keyRing }: Pick<ProtocolSettings<P, M>, 'defense' | 'keyRing'>,
): void {
  const { keySetup, parameterSet } = keyRing;
  if (keySetup !== setup || parameterSet.id !== scheme)
    throw new RangeError(
      `the defense ${defense.meta.id} needs keys ${setup} of ${scheme}, not ${keySetup} of ${parameterSet.id}`,
    );
}

/** Parts of the contract that no protocol carries out yet. */
function requireSupported<P, M>(defense: Defense<P, M>, params: P): void {
  const { mask, meta } = defense;
  const missing = [
    (defense.rest?.(params) ?? 'plaintext') !== 'plaintext' && 'rest',
    defense.weighting && 'weighting',
    defense.training?.(params) && 'training',
    defense.transform?.(params) && 'transform',
    defense.perturb?.(params) && 'perturb',
    defense.model?.(params) && 'model',
    defense.schemeOptions && 'schemeOptions',
    mask.when(params) === 'before-training' && 'mask.when: before-training',
    mask.score && 'mask.score',
    mask.individual?.(params) && 'mask.individual',
  ].filter((feature) => typeof feature === 'string');
  if (missing.length > 0)
    throw new RangeError(
      `The defense ${meta.id} declares ${missing.join(', ')}, which the protocol does not carry out yet.`,
    );
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < a.length; at++)
    largest = Math.max(largest, Math.abs((a[at] as number) - (b[at] as number)));
  return largest;
}
