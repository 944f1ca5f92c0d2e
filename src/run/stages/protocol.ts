import { availableParallelism } from 'node:os';
import type { AttackKind } from '../../api/attack.ts';
import type { KeyUse } from '../../api/defense.ts';
import { roundAggregates } from '../../data/aggregates.ts';
import { chooseTargets } from '../../data/targets.ts';
import { randomStream } from '../../engine/random.ts';
import { cellModel } from '../../federation/cell-model.ts';
import { liveUpdates } from '../../federation/live-updates.ts';
import { localData } from '../../federation/local-data.ts';
import { openFederationKeys } from '../../federation/open-keys.ts';
import { type FederationRecord, runProtocol } from '../../federation/protocol.ts';
import { traceOf } from '../../federation/protocol-trace.ts';
import { secondsSince } from '../../federation/stopwatch.ts';
import { recordedUpdates } from '../../federation/trajectory.ts';
import type { UpdateSource } from '../../federation/updates.ts';
import type { AdversaryId } from '../../view/adversaries.ts';
import type { AuxiliaryKnowledge } from '../../view/auxiliary.ts';
import { serialiseKeyEvidence } from '../../view/key-evidence.ts';
import { digestExposures, digestedAdversaries, targetsOf, type Views } from '../exposures.ts';
import { freshModel } from '../fresh-model.ts';
import { witnessKeys } from '../key-witness.ts';
import type { CellRecord } from '../records.ts';
import type { ProtocolTask, RunContext } from '../tasks.ts';
import { storeTargets } from './targets.ts';
import { readTraining } from './training.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Carries out a defense's protocol, keeps what the server saw, and draws the attacks' questions. */
export async function protocolStage(task: RunContext & ProtocolTask, tools: StageTools) {
  const { cell, specification } = task;
  const defense = await tools.workplace.defense(task, cell.defense.id);
  const setting = await tools.workplace.setting(task, cell.seed);
  const engine = await tools.workplace.engine();
  const { signal, progress } = tools;
  const params = defense.meta.params.parse(cell.defense.params);
  const model = cellModel(defense, params, setting.model, cell.seed);
  const rule = defense.training?.(params);
  const training = { ...setting, model, specification, engine, seed: cell.seed, signal, rule };
  const { batchSize, clients } = specification.federation;
  const updates: UpdateSource = task.trajectory
    ? recordedUpdates(await readTraining(task), localData({ ...training, batchSize }))
    : liveUpdates(training);

  const began = performance.now();
  const keyRing = await openFederationKeys(defense.keys(params), defense.scheme(params), {
    clients,
    probes: setting.probes.length,
    workers: encryptionThreads(task.jobs),
    options: { seed: cell.seed, ...defense.schemeOptions?.(params) },
  });
  const keySeconds = keyRing.keySetup === 'none' ? 0 : secondsSince(began);
  const witness = witnessKeys(keyRing, {
    serverLearns: defense.serverLearns(params),
    flooding: flooding(defense.keys(params)),
  });
  let record: FederationRecord;
  try {
    const parts = { defense, params, updates, keyRing: witness.ring, keySeconds, progress };
    record = await runProtocol({ ...training, ...parts });
  } finally {
    await keyRing.close();
  }

  const { auxiliary, truth } = chooseTargets({
    ...setting,
    specification,
    participation: participation(record, specification.federation.clients),
    ...(specification.probes.of === 'aggregate' && {
      aggregates: roundAggregates(record.view.rounds, specification.probes.rounds),
    }),
    random: randomStream(cell.seed, 'targets'),
  });
  const showsImages = auxiliary.reconstruction.length > 0 && model.inputShape.length > 1;
  const targets = await storeTargets(
    folderOf(task),
    { auxiliary, truth, ...(showsImages && { model: record.training.finalModel }) },
    tools.claim,
  );
  const {
    view,
    oracle,
    training: trained,
    rounds,
    costs,
    exposition,
    realisedRatio,
    ledger,
  } = record;
  const cellRecord: CellRecord = {
    cell: { hash: cell.hash, row: cell.row, seed: cell.seed },
    summary: { rounds, costs, exposition, realisedRatio },
    dataset: {
      title: setting.dataset.title,
      synthetic: setting.dataset.synthetic,
      members: setting.partition.clients.reduce((sum, { length }) => sum + length, 0),
      nonMembers: setting.partition.nonMembers.length,
    },
    engine: engine.id,
    targets,
    exposures: exposuresOf(
      {
        server: view,
        oracle,
        freshModel: freshModel(defense, params, setting.model.id, cell.seed),
      },
      auxiliary,
    ),
  };
  const stage = folderOf(task).protocol(cell.hash);
  await stage.remove(); // Another version of hefl may have left other files.
  await stage.complete({
    'cell.json': cellRecord,
    'ledger.json': ledger,
    'protocol.bin': traceOf(view, trained),
    'keys.bin': serialiseKeyEvidence(await witness.evidence()),
    ...(!task.trajectory && { 'trajectory.bin': trained }),
  });
}

/**
 * Threads that encrypt: cores that no other process of the run needs; 0 encrypts on this one. Sources
 * (tests) always do: on Node 20 with tsx a process that ended one such thread can't start another.
 */
function encryptionThreads(jobs: number): number {
  const spare = Math.floor(availableParallelism() / jobs);
  return spare < 2 || import.meta.url.endsWith('.ts') ? 0 : spare;
}

/** Whether partial decryptions carry noise; true where there are none. */
function flooding(keys: KeyUse): boolean {
  return keys.setup !== 'own-key' && (!('flooding' in keys) || keys.flooding !== false);
}

/** Rounds of every ordinary client; probe clients are no victims. */
function participation({ view }: FederationRecord, clients: number): Map<number, number[]> {
  const rounds = new Map<number, number[]>();
  for (const { round, transmissions } of view.rounds)
    for (const { client } of transmissions)
      if (client < clients) rounds.set(client, [...(rounds.get(client) ?? []), round]);
  return rounds;
}

function exposuresOf(views: Views, auxiliary: AuxiliaryKnowledge): CellRecord['exposures'] {
  const kinds: readonly AttackKind[] = ['membership', 'reconstruction', 'text'];
  const digests = (adversary: AdversaryId) =>
    Object.fromEntries(
      kinds.map((kind) => [kind, digestExposures(views, adversary, targetsOf(kind, auxiliary))]),
    );
  return Object.fromEntries(
    digestedAdversaries.map((id) => [id, digests(id)]),
  ) as CellRecord['exposures'];
}
