import { NotApplicable } from '../../api/attack.ts';
import { randomStream } from '../../engine/random.ts';
import { replay } from '../../federation/protocol-trace.ts';
import { findAdversary } from '../../view/adversaries.ts';
import { chooseColluders } from '../../view/colluders.ts';
import { parseKeyEvidence } from '../../view/key-evidence.ts';
import { recoveredKeys } from '../../view/key-recovery.ts';
import { type Access, deduceView, openView } from '../../view/opened-view.ts';
import { parseView, serialiseView } from '../../view/serialise.ts';
import type { ServerView } from '../../view/server-view.ts';
import { viewKey } from '../exposures.ts';
import type { CellRecord } from '../records.ts';
import type { RunContext, ViewTask } from '../tasks.ts';
import { readAuxiliary } from './targets.ts';
import { readTraining } from './training.ts';
import { folderOf } from './workplace.ts';

type Where = RunContext & Omit<ViewTask, 'kind'>;

/** `about.json` of a view. */
interface About {
  /** Why there is none. */
  readonly reason?: string;
  /** Whether the server can work out more than it saw; else the two are one. */
  readonly deduced?: true;
}

/**
 * Writes out what an adversary sees of a cell. It follows from the training and the trace of the
 * protocol, but a process that attacks for a real adversary must not read the training.
 */
export async function viewStage(task: Where): Promise<void> {
  const stage = folderOf(task).view(viewKey(task.cell.hash, task.adversary));
  const transcript = await transcriptOf(task);
  const [server, oracle] = [transcript.view(), transcript.oracle()];
  const finish = (about: About, files: Record<string, unknown>) =>
    stage.complete({ 'about.json': about, ...files });
  if (findAdversary(task.adversary).sees !== 'opened') {
    const view = { 'view.bin': serialiseView(server) };
    const deduced = deduceView(server, oracle);
    if (deduced === server) return finish({}, view);
    return finish({ deduced: true }, { ...view, 'deduced.bin': serialiseView(deduced) });
  }
  try {
    const access = await accessOf(task, server);
    return finish({}, { 'view.bin': serialiseView(openView(server, oracle, access)) });
  } catch (error) {
    if (!(error instanceof NotApplicable)) throw error;
    return finish({ reason: error.message }, {});
  }
}

/**
 * What an adversary reads: the file without what it can't open, or, for the oracle, everything.
 * @throws {NotApplicable} when the protocol gives this adversary nothing.
 */
export async function readView(task: Where): Promise<ServerView> {
  const { sees } = findAdversary(task.adversary);
  if (sees === 'everything') return (await transcriptOf(task)).oracle();
  const stage = folderOf(task).view(viewKey(task.cell.hash, task.adversary));
  const { reason, deduced } = (await stage.readJson('about.json')) as About;
  if (reason !== undefined) throw new NotApplicable(reason);
  const file = sees === 'deduced' && deduced ? 'deduced.bin' : 'view.bin';
  return parseView(await stage.readArtifact(file));
}

/** @throws {NotApplicable} when there are no keys or too few colluders. */
async function accessOf(task: Where, server: ServerView): Promise<Access> {
  const { kind, count = 0 } = findAdversary(task.adversary);
  if (kind !== 'key-recovery')
    return { colluders: await colludersOf(task, server, count), recovered: [] };
  const found = recoveredKeys(await readKeyEvidence(task));
  if ('reason' in found) throw new NotApplicable(found.reason);
  return { colluders: [], ...found };
}

/** What the protocol showed the server of its keys. */
export async function readKeyEvidence(task: RunContext & Pick<ViewTask, 'cell'>) {
  const stage = folderOf(task).protocol(task.cell.hash);
  return parseKeyEvidence(await stage.readArtifact('keys.bin'));
}

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
