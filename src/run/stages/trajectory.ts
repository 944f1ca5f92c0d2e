import { recordTrajectory } from '../../federation/trajectory.ts';
import type { ArtifactTree } from '../../store/artifact.ts';
import type { RunContext, TrajectoryTask } from '../tasks.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Trains a seed's federation once, for all defenses that don't change training. */
export async function trajectoryStage(task: RunContext & TrajectoryTask, tools: StageTools) {
  const trajectory = await recordTrajectory({
    ...(await tools.workplace.setting(task, task.seed)),
    specification: task.specification,
    engine: await tools.workplace.engine(),
    seed: task.seed,
    gradients: task.gradients,
    signal: tools.signal,
    progress: tools.progress,
  });
  const files = { 'trajectory.bin': trajectory as unknown as ArtifactTree };
  await folderOf(task).trajectory(task.hash).complete(files);
}
