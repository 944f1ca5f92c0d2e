import type { Defense } from '../api/defense.ts';
import type { CostSummary, Exposition, RoundSummary } from '../api/results.ts';
import type { SchemeOptions } from '../crypto/scheme-options.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Engine } from '../engine/program.ts';
import { randomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import type { Specification } from '../spec/specification.ts';
import type { ServerView } from '../view/server-view.ts';
import { CIPHERTEXTS_AT_A_TIME } from './exchange.ts';
import { type AnyKeyRing, FederationKeys } from './federation-keys.ts';
import { Ledger, type RoundCosts } from './ledger.ts';
import { localTraining } from './local-training.ts';
import { MaskAgreement } from './mask-agreement.ts';
import { OutgoingUpdates } from './outgoing.ts';
import { ProtocolRounds, type RoundParts } from './protocol-round.ts';
import { exchangeScores } from './score-exchange.ts';
import { Traffic } from './traffic.ts';
import type { Trajectory } from './trajectory.ts';
import { type Setting, Transcript } from './transcript.ts';
import type { UpdateSource } from './updates.ts';

export interface ProtocolSettings<P, M> {
  readonly defense: Defense<P, M>;
  readonly params: P;
  readonly updates: UpdateSource;
  readonly specification: Pick<Specification, 'federation' | 'network'>;
  /** The model that is trained; the defense's own where it has one. */
  readonly model: Model;
  readonly engine: Engine;
  /** Measures the accuracy of each new global model. */
  readonly dataset: Pick<Dataset, 'test'>;
  /** Of the defense's key setup and parameter set. */
  readonly keyRing: AnyKeyRing;
  /** Measured seconds of generating and exchanging keys. */
  readonly keySeconds?: number;
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
 * Carries out a defense's protocol: what it agrees on before training, then its rounds.
 *
 * Where the server learns the aggregate, openers decrypt for it, or return partial decryptions that it
 * puts together, and it sends the whole model out in plaintext. Elsewhere clients open both halves for
 * themselves; that is done and measured once and charged to each.
 *
 * @throws {RangeError} when the key ring is not of the defense's key setup and parameter set.
 * @throws {MaskError} when the defense's masks, proposals or scores are not what its contract says.
 */
export async function runProtocol<P, M>(
  settings: ProtocolSettings<P, M>,
): Promise<FederationRecord> {
  const { defense, params, specification, model, updates: source } = settings;
  const { federation, network } = specification;
  const keys = keysOf(settings);
  const transcript = new Transcript(settingOf(settings, keys));
  const random = randomStream(settings.seed, 'protocol');
  const ledger = new Ledger((client) => client < federation.clients);
  const { layout } = model;
  const parts: RoundParts<P, M> = {
    ...settings,
    source,
    federation,
    keys,
    ledger,
    masks: new MaskAgreement({
      defense,
      params,
      layout,
      initialModel: source.initialModel,
      random,
      clients: federation.clients,
      data: source.data,
    }),
    outgoing: new OutgoingUpdates(defense, params, layout, random),
    traffic: new Traffic(keys, ledger, defense.mask.proposalFormat),
    training: localTraining(settings.engine, model, federation.batchSize),
  };
  await agreeBeforeTraining(parts);

  const protocol = new ProtocolRounds(parts);
  const rounds: RoundSummary[] = [];
  const trained: Trajectory['rounds'][number][] = [];
  let globalModel = source.initialModel;
  for (let round = 1; round <= federation.rounds; round++) {
    settings.signal.throwIfAborted();
    const end = await protocol.run(round, globalModel);
    trained.push({ round, globalModel, clients: end.trained });
    transcript.addRound(end.facts, end.sent, end.nextModel);
    rounds.push(end.summary);
    globalModel = end.nextModel;
    settings.progress(round / federation.rounds);
  }

  const view = transcript.view();
  const realisedRatio =
    rounds.reduce((total, round) => total + round.realisedRatio, 0) / rounds.length;
  const insecure = defense.insecure?.(params);
  return {
    view,
    oracle: transcript.oracle(),
    training: {
      format: 'hefl-trajectory/1',
      model: model.id,
      size: layout.size,
      rounds: trained,
      finalModel: globalModel,
    },
    rounds,
    costs: {
      ...ledger.summarise(network.bitsPerSecond, settings.keySeconds),
      ...extrapolation(defense.schemeOptions?.(params)),
    },
    ledger: ledger.rounds,
    exposition: {
      plaintextShare: plaintextShare(view),
      globalModel: view.serverLearns,
      proposalsVisible: defense.mask.propose !== undefined,
      parameterSet: view.encryption.parameterSet,
      keySetup: view.encryption.keySetup,
      ...(insecure !== undefined && { insecure }),
    },
    realisedRatio,
  };
}

async function agreeBeforeTraining<P, M>(parts: RoundParts<P, M>): Promise<void> {
  const { defense, params, masks, ledger, traffic, federation } = parts;
  if (defense.mask.when(params) !== 'before-training') return;
  const clients = [...Array(federation.clients).keys()];
  const costs = ledger.openSetup(clients);
  const agreement = await masks.beforeTraining((scores) =>
    exchangeScores({ ...parts, costs }, scores),
  );
  traffic.agreement(costs, clients, agreement);
  costs.aggregated(agreement.serverSeconds);
}

function keysOf<P, M>({
  defense,
  params,
  keyRing,
  specification,
}: ProtocolSettings<P, M>): FederationKeys {
  const use = defense.keys(params);
  const scheme = defense.scheme(params);
  const { keySetup, parameterSet } = keyRing;
  if (keySetup !== use.setup || parameterSet.id !== scheme)
    throw new RangeError(
      `the defense ${defense.meta.id} needs keys ${use.setup} of ${scheme}, not ${keySetup} of ${parameterSet.id}`,
    );
  return new FederationKeys(keyRing, use, specification.federation.clients);
}

/** What a cost study's seconds stand on (`sampleKeyRing`). */
function extrapolation({ realCiphertexts }: Partial<SchemeOptions> = {}) {
  if (realCiphertexts === undefined) return {};
  const part = `${realCiphertexts} of every ${CIPHERTEXTS_AT_A_TIME} ciphertexts`;
  return {
    extrapolated: `Seconds of encryption, aggregation and decryption are extrapolated: ${part} were encrypted for real, the others emulated by the integers inside. Bytes and results are exact.`,
  };
}

/** The public facts. */
function settingOf<P, M>(settings: ProtocolSettings<P, M>, keys: FederationKeys): Setting {
  const { defense, params, specification, model, updates } = settings;
  const { learningRate, localEpochs, batchSize, proximal } = specification.federation;
  const { use, flooding } = keys;
  const rest = defense.rest?.(params) ?? 'plaintext';
  return {
    model: model.id,
    size: model.layout.size,
    hyper: { learningRate, localEpochs, batchSize, ...(proximal > 0 && { proximal }) },
    encryption: {
      parameterSet: keys.parameterSet.id,
      keySetup: use.setup,
      ...(use.setup === 'threshold' && { threshold: use.threshold }),
      ...(flooding !== undefined && { flooding }),
    },
    serverLearns: defense.serverLearns(params),
    ...(rest !== 'plaintext' && { rest }),
    initialModel: updates.initialModel,
  };
}

/** Mean share of the coordinates that arrive in plaintext. */
function plaintextShare({ rounds, size }: ServerView): number {
  const shares = rounds.flatMap(({ transmissions }) =>
    transmissions.map(({ weights }) => weights.values.length / size),
  );
  return shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
