import { replay } from '../../federation/protocol-trace.ts';
import type { AdversaryId } from '../../view/adversaries.ts';
import { parseView, serialiseView } from '../../view/serialise.ts';
import type { ServerView } from '../../view/server-view.ts';
import type { RunContext, ViewTask } from '../tasks.ts';
import { readTraining } from './training.ts';
import { folderOf } from './workplace.ts';

type Where = RunContext & Omit<ViewTask, 'kind'>;

/**
 * Writes out what the server saw of a cell. It follows from the training and the trace of the
 * protocol, but a process that attacks for a real adversary must not read the training.
 */
export async function viewStage(task: Where): Promise<void> {
  const view = (await transcriptOf(task)).view();
  await folderOf(task)
    .view(task.cell.hash)
    .complete({ 'view.bin': serialiseView(view) });
}

/** What an adversary reads: the file without encrypted values, or, for the oracle, everything. */
export async function readView(task: Where, adversary: AdversaryId): Promise<ServerView> {
  if (adversary === 'oracle') return (await transcriptOf(task)).oracle();
  return parseView(await folderOf(task).view(task.cell.hash).readArtifact('view.bin'));
}

async function transcriptOf(task: Where) {
  const trace = await folderOf(task).protocol(task.cell.hash).readArtifact('protocol.bin');
  return replay(trace, await readTraining(task));
}
