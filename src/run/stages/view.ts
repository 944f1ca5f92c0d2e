import { NotApplicable } from '../../api/attack.ts';
import { randomStream } from '../../engine/random.ts';
import { replay } from '../../federation/protocol-trace.ts';
import { findAdversary } from '../../view/adversaries.ts';
import { chooseColluders } from '../../view/colluders.ts';
import { parseKeyEvidence } from '../../view/key-evidence.ts';
import { recoveredKeys } from '../../view/key-recovery.ts';
import { openView } from '../../view/opened-view.ts';
import { parseView, serialiseView } from '../../view/serialise.ts';
import type { ServerView } from '../../view/server-view.ts';
import { viewKey } from '../exposures.ts';
import type { CellRecord } from '../records.ts';
import type { RunContext, ViewTask } from '../tasks.ts';
import { readAuxiliary } from './targets.ts';
import { readTraining } from './training.ts';
import { folderOf } from './workplace.ts';

type Where = RunContext & Omit<ViewTask, 'kind'>;

/**
 * Writes out what an adversary sees of a cell. It follows from the training and the trace of the
 * protocol, but a process that attacks for a real adversary must not read the training.
 */
export async function viewStage(task: Where): Promise<void> {
  const stage = folderOf(task).view(viewKey(task.cell.hash, task.adversary));
  try {
    const view = await seenBy(task);
    await stage.complete({ 'reason.json': null, 'view.bin': serialiseView(view) });
  } catch (error) {
    if (!(error instanceof NotApplicable)) throw error;
    await stage.complete({ 'reason.json': error.message });
  }
}

/**
 * What an adversary reads: the file without what it can't open, or, for the oracle, everything.
 * @throws {NotApplicable} when the protocol gives this adversary nothing.
 */
export async function readView(task: Where): Promise<ServerView> {
  if (findAdversary(task.adversary).sees === 'everything')
    return (await transcriptOf(task)).oracle();
  const stage = folderOf(task).view(viewKey(task.cell.hash, task.adversary));
  const reason = (await stage.readJson('reason.json')) as string | null;
  if (reason !== null) throw new NotApplicable(reason);
  return parseView(await stage.readArtifact('view.bin'));
}

async function seenBy(task: Where): Promise<ServerView> {
  const transcript = await transcriptOf(task);
  const server = transcript.view();
  const { sees, kind, count = 0 } = findAdversary(task.adversary);
  if (sees === 'server') return server;
  if (kind === 'key-recovery') {
    const found = recoveredKeys(await readKeyEvidence(task));
    if ('reason' in found) throw new NotApplicable(found.reason);
    return openView(server, transcript.oracle(), { colluders: [], ...found });
  }
  const colluders = await colludersOf(task, server, count);
  return openView(server, transcript.oracle(), { colluders, recovered: [] });
}

/** What the protocol showed the server of its keys. */
export async function readKeyEvidence(task: RunContext & Pick<ViewTask, 'cell'>) {
  const stage = folderOf(task).protocol(task.cell.hash);
  return parseKeyEvidence(await stage.readArtifact('keys.bin'));
}

/** @throws {NotApplicable} when there are too few clients that may collude. */
async function colludersOf(task: Where, { rounds }: ServerView, count: number) {
  const folder = folderOf(task);
  const record = (await folder.protocol(task.cell.hash).readJson('cell.json')) as CellRecord;
  const auxiliary = await readAuxiliary(folder, record);
  const colluders = chooseColluders({
    count,
    rounds,
    ordinaryClients: task.specification.federation.clients,
    targets: [...auxiliary.membership, ...auxiliary.reconstruction],
    random: randomStream(task.cell.seed, 'colluders'),
  });
  if (!colluders)
    throw new NotApplicable(
      `Fewer than ${count} clients took part that are neither victims nor probes. Use more clients, or fewer membership.victims.`,
    );
  return colluders;
}

async function transcriptOf(task: Where) {
  const trace = await folderOf(task).protocol(task.cell.hash).readArtifact('protocol.bin');
  return replay(trace, await readTraining(task));
}
