import { NotApplicable } from '../../api/attack.ts';
import { randomStream } from '../../engine/random.ts';
import { cellModel } from '../../federation/cell-model.ts';
import type { ArtifactTree } from '../../store/artifact.ts';
import { exposeTransmission } from '../../view/exposure.ts';
import { answersLeft, questionsTo } from '../colluders-share.ts';
import { readsAs, targetsOf } from '../exposures.ts';
import { freshModel } from '../fresh-model.ts';
import { withFeatures } from '../image-features.ts';
import { ObservedInput } from '../observed-input.ts';
import type { AttackRecord, CellRecord } from '../records.ts';
import { requireAllAnswered, scoreAttack } from '../scoring.ts';
import { shadowTransmissions } from '../shadow-transmissions.ts';
import type { AttackTask, RunContext } from '../tasks.ts';
import { sharedValues } from './shared-values.ts';
import { readAuxiliary, readFinalModel, readTruth } from './targets.ts';
import { readKeyEvidence, readView } from './view.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Lets one adversary attack one cell's record, then scores the answer against the truth. */
export async function attackStage(task: RunContext & AttackTask, tools: StageTools) {
  const { cell, adversary } = task;
  const folder = folderOf(task);
  const finish = (record: Omit<AttackRecord, 'owner'>, files: Record<string, unknown> = {}) =>
    folder.attack(task.key).complete({
      ...files,
      'record.json': { owner: { cell: cell.hash, adversary }, ...record } satisfies AttackRecord,
    });
  const attack = await tools.workplace.attack(task, task.attack.id);
  const { kind } = attack.meta;
  const view = await readView({ ...task, adversary: readsAs(kind, adversary) }).catch(
    notApplicable,
  );
  if (view instanceof NotApplicable) return finish({ readsMore: true, outcome: outcomeOf(view) });

  const cellRecord = (await folder.protocol(cell.hash).readJson('cell.json')) as CellRecord;
  const auxiliary = await readAuxiliary(folder, cellRecord)
    .then((all) => questionsTo(view, kind, all))
    .catch(notApplicable);
  if (auxiliary instanceof NotApplicable)
    return finish({ readsMore: true, outcome: outcomeOf(auxiliary) });
  const input = new ObservedInput(view, adversary);
  const defense = await tools.workplace.defense(task, cell.defense.id);
  const params = defense.meta.params.parse(cell.defense.params);
  const base = await tools.workplace.model(task, cell.seed);
  const model = cellModel(defense, params, base, cell.seed);
  const engine = await tools.workplace.engine();
  const start = performance.now();
  const shared = sharedValues(folder, tools.claim);
  // What is made with a model that the defense made holds for this cell alone.
  const once: typeof shared =
    model === base ? shared : (key, compute) => shared([cell.hash, ...key], compute);
  const sources = { view, freshModel: freshModel(defense, params, base.id, cell.seed) };
  const output = await attack
    .run(input.view, auxiliary, {
      params: attack.meta.params.parse(task.attack.params),
      get adversary() {
        return input.adversary;
      },
      expose: input.exposeOnly(targetsOf(kind, auxiliary), (target) =>
        exposeTransmission(sources, adversary, target),
      ),
      ...(adversary === 'in-the-loop' && {
        shadowTransmissions: shadowTransmissions({
          ...{ defense, params },
          view,
          model,
          engine,
          random: randomStream(cell.seed, 'shadow clients'),
        }),
      }),
      keyEvidence: input.recording(() => readKeyEvidence(task)),
      model,
      engine,
      random: randomStream(cell.seed, 'attack', attack.meta.id),
      signal: tools.signal,
      progress: tools.progress,
      once,
    })
    .catch(notApplicable);
  const { readsMore } = input;
  if (output instanceof NotApplicable) return finish({ readsMore, outcome: outcomeOf(output) });

  const seconds = (performance.now() - start) / 1000;
  requireAllAnswered(output, kind, auxiliary);
  const { colluders } = view;
  const truth = answersLeft(await readTruth(folder, cellRecord), colluders);
  const tokenizer =
    output.kind === 'text' ? (await tools.workplace.dataset(task)).tokenizer : undefined;
  // A model that the defense made has layers of other meaning.
  const weights = model === base ? await readFinalModel(folder, cellRecord) : undefined;
  const judged =
    output.kind === 'reconstruction'
      ? await withFeatures(output, truth, { model, weights, engine })
      : output;
  const value = scoreAttack(judged, { truth, auxiliary, tokenizer }, seconds);
  return finish(
    { readsMore, ...(colluders && { colluders }), outcome: { status: 'ok', value } },
    { 'output.bin': judged as unknown as ArtifactTree },
  );
}

function notApplicable(error: unknown): NotApplicable {
  if (error instanceof NotApplicable) return error;
  throw error;
}

function outcomeOf({ message }: NotApplicable) {
  return { status: 'not-applicable', reason: message } as const;
}
