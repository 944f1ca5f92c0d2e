import type { AttackOutput } from '../../api/attack.ts';
import { NotApplicable } from '../../api/attack.ts';
import { randomStream } from '../../engine/random.ts';
import { findModel } from '../../models/registry.ts';
import type { ArtifactTree } from '../../store/artifact.ts';
import { exposeTransmission } from '../../view/exposure.ts';
import { targetsOf } from '../exposures.ts';
import { ObservedInput } from '../observed-input.ts';
import type { AttackRecord, CellRecord } from '../records.ts';
import { requireAllAnswered, scoreAttack } from '../scoring.ts';
import type { AttackTask, RunContext } from '../tasks.ts';
import { sharedValues } from './shared-values.ts';
import { readAuxiliary, readTruth } from './targets.ts';
import { readView } from './view.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Lets one adversary attack one cell's record, then scores the answer against the truth. */
export async function attackStage(task: RunContext & AttackTask, tools: StageTools) {
  const { cell, adversary } = task;
  const folder = folderOf(task);
  const cellRecord = (await folder.protocol(cell.hash).readJson('cell.json')) as CellRecord;
  const attack = await tools.workplace.attack(task, task.attack.id);
  const view = await readView(task, adversary);
  const auxiliary = await readAuxiliary(folder, cellRecord);
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
  const truth = await readTruth(folder, cellRecord);
  const scores = scoreAttack(output, { truth, auxiliary }, seconds);
  await folder.attack(task.key).complete({
    'output.bin': output as unknown as ArtifactTree,
    'record.json': record({ status: 'ok', value: scores }),
  });
}
