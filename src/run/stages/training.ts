import type { Trajectory } from '../../federation/trajectory.ts';
import { parseTrajectory } from '../../federation/trajectory-format.ts';
import type { ProtocolTask, RunContext } from '../tasks.ts';
import { folderOf } from './workplace.ts';

/** The training a cell's protocol ran on: the recorded one it shares, or its own. */
export async function readTraining(
  task: RunContext & Pick<ProtocolTask, 'cell' | 'trajectory'>,
): Promise<Trajectory> {
  const folder = folderOf(task);
  const stage = task.trajectory
    ? folder.trajectory(task.trajectory)
    : folder.protocol(task.cell.hash);
  return parseTrajectory(await stage.readArtifact('trajectory.bin'));
}
