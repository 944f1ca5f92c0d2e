import type { AttackOutput } from '../../api/attack.ts';
import { NotApplicable } from '../../api/attack.ts';
import { randomStream } from '../../engine/random.ts';
import { findModel } from '../../models/registry.ts';
import type { ArtifactTree } from '../../store/artifact.ts';
import type { AuxiliaryKnowledge } from '../../view/auxiliary.ts';
import { exposeTransmission } from '../../view/exposure.ts';
import type { GroundTruth } from '../../view/ground-truth.ts';
import { parseView } from '../../view/serialise.ts';
import { targetsOf } from '../exposures.ts';
import { ObservedInput } from '../observed-input.ts';
import type { AttackRecord } from '../records.ts';
import { requireAllAnswered, scoreAttack } from '../scoring.ts';
import type { AttackTask, RunContext } from '../tasks.ts';
import { sharedValues } from './shared-values.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Lets one adversary attack one cell's record, then scores the answer against the truth. */
export async function attackStage(task: RunContext & AttackTask, tools: StageTools) {
  const { cell, adversary } = task;
  const folder = folderOf(task);
  const cellFolder = folder.protocol(cell.hash);
  const attack = await tools.workplace.attack(task, task.attack.id);
  const viewFile = adversary === 'oracle' ? 'oracle-view.bin' : 'view.bin';
  const view = parseView(await cellFolder.readArtifact(viewFile));
  // The manifest vouches for what the protocol stage wrote.
  const auxiliary = (await cellFolder.readArtifact(
    'auxiliary.bin',
  )) as unknown as AuxiliaryKnowledge;
  const input = new ObservedInput(view, adversary);
  const engine = await tools.workplace.engine();
  const start = performance.now();
  const once = sharedValues(folder, tools.claim);
  let output: AttackOutput;
  const record = (outcome: AttackRecord['outcome']): AttackRecord => ({
    owner: { cell: cell.hash, adversary },
    readsMore: input.readsMore,
    outcome,
  });
  try {
    output = await attack.run(input.view, auxiliary, {
      params: attack.meta.params.parse(task.attack.params),
      get adversary() {
        return input.adversary;
      },
      expose: input.exposeOnly(targetsOf(attack.meta.kind, auxiliary), (target) =>
        exposeTransmission(view, adversary, target),
      ),
      model: findModel(task.specification.model),
      engine,
      random: randomStream(cell.seed, 'attack', attack.meta.id),
      signal: tools.signal,
      progress: tools.progress,
      once,
    });
  } catch (error) {
    if (!(error instanceof NotApplicable)) throw error;
    const outcome = { status: 'not-applicable', reason: error.message } as const;
    await folder.attack(task.key).complete({ 'record.json': record(outcome) });
    return;
  }
  const seconds = (performance.now() - start) / 1000;
  requireAllAnswered(output, attack.meta.kind, auxiliary);
  const truth = (await cellFolder.readArtifact('truth.bin')) as unknown as GroundTruth;
  const scores = scoreAttack(output, { truth, auxiliary }, seconds);
  await folder.attack(task.key).complete({
    'output.bin': output as unknown as ArtifactTree,
    'record.json': record({ status: 'ok', value: scores }),
  });
}
