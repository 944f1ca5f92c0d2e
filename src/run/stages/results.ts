import { readFile } from 'node:fs/promises';
import type { AttackOutput } from '../../api/attack.ts';
import type {
  AdversaryDescription,
  AttackResult,
  CellResult,
  DefenseRow,
  MetricDescription,
  RunResults,
} from '../../api/results.ts';
import { metrics } from '../../metrics/registry.ts';
import {
  type ComparedRow,
  compareDefenses,
  poolScores,
  type ScoredAttack,
} from '../../metrics/summary.ts';
import { reviveNumbers } from '../../store/json.ts';
import { resultsCsv } from '../../store/results-csv.ts';
import type { RunFolder } from '../../store/run-folder.ts';
import { type AdversaryId, adversaries, findAdversary } from '../../view/adversaries.ts';
import { answersLeft } from '../colluders-share.ts';
import type { AttackRecord, CellRecord } from '../records.ts';
import type { CellOutcome, ResultsTask, RunContext } from '../tasks.ts';
import { readTruth } from './targets.ts';
import { folderOf, type StageTools } from './workplace.ts';

type Task = RunContext & Pick<ResultsTask, 'cells' | 'run'>;

/** Puts together everything the cells left behind: pooled scores, comparisons, CSV, report. */
export async function resultsStage(
  task: RunContext & ResultsTask,
  tools: StageTools,
  renderReport: (results: RunResults) => Promise<string>,
): Promise<void> {
  const experiments = [task.specification, ...(task.specification.also ?? [])];
  const all: RunResults[] = [];
  for (const [at, cells] of [task.cells, ...task.also].entries()) {
    const specification = experiments[at] as typeof task.specification;
    const progress = (fraction: number) => tools.progress((at + fraction) / experiments.length);
    all.push(await experimentResults({ ...task, specification, cells }, { ...tools, progress }));
  }
  const [first, ...also] = all as [RunResults, ...RunResults[]];
  const results = also.length > 0 ? { ...first, also } : first;
  await folderOf(task)
    .results(task.key)
    .complete({
      'results.json': results,
      'results.csv': resultsCsv(results),
      'report.html': await renderReport(results),
    });
}

async function experimentResults(task: Task, tools: StageTools): Promise<RunResults> {
  const folder = folderOf(task);
  const cells: CellResult[] = [];
  const records: CellRecord[] = [];
  const scored: ScoredAttack[] = [];
  for (const [at, outcome] of task.cells.entries()) {
    const { result, record, answers } = await readCell(folder, task, outcome);
    cells.push(result);
    if (record) records.push(record);
    scored.push(...answers);
    tools.progress((0.3 * (at + 1)) / task.cells.length);
  }
  const rows = await defenseRows(task, tools);
  const pooled = poolScores(scored);
  tools.progress(0.5);
  const compared: ComparedRow[] = [];
  for (const { key, targetRatio, control = false } of rows) {
    const ratios = records.filter(({ cell }) => cell.row === key);
    if (ratios.length === 0) continue;
    const total = ratios.reduce((sum, { summary }) => sum + summary.realisedRatio, 0);
    compared.push({ key, targetRatio, control, realisedRatio: total / ratios.length });
  }
  const comparisons = compareDefenses(scored, compared);
  tools.progress(0.8);
  return {
    format: 'hefl-results/1',
    name: task.specification.name,
    title: task.specification.title,
    ...task.run,
    specification: { ...task.specification },
    environment: await environmentOf(folder, records),
    ...(await describeSetting(task, tools)),
    seeds: task.specification.seeds,
    rows,
    attacks: await attackDescriptions(task, tools),
    adversaries: describeAdversaries(task.specification.adversaries as readonly AdversaryId[]),
    metrics: metricDescriptions(),
    cells,
    pooled,
    comparisons,
    warnings: warnings(records),
  };
}

/** One cell's results, and its attacks' answers with the truth. */
async function readCell(folder: RunFolder, { specification }: Task, outcome: CellOutcome) {
  const { hash, row, seed } = outcome.cell;
  const cellFolder = folder.protocol(hash);
  const ok = outcome.federation.status === 'ok';
  const record = ok ? ((await cellFolder.readJson('cell.json')) as CellRecord) : undefined;
  const truth = record && (await readTruth(folder, record));
  const answers: ScoredAttack[] = [];
  const attacks: AttackResult[] = [];
  for (const asked of outcome.attacks) {
    const { attack, adversary, kind } = asked;
    if (asked.outcome.status !== 'stored') {
      attacks.push({ attack, kind, adversary, outcome: asked.outcome });
      continue;
    }
    const stage = folder.attack(asked.outcome.key);
    const stored = reviveNumbers((await stage.readJson('record.json')) as AttackRecord);
    attacks.push({ attack, kind, adversary, outcome: stored.outcome });
    if (stored.outcome.status !== 'ok' || !truth) continue;
    const output = (await stage.readArtifact('output.bin')) as unknown as AttackOutput;
    const left = answersLeft(truth, stored.colluders);
    answers.push({ row, seed, attack, adversary, output, truth: left });
  }
  const order = (id: string) => specification.attacks.findIndex((attack) => attack.id === id);
  attacks.sort((a, b) => order(a.attack) - order(b.attack));
  const federation: CellResult['federation'] = record
    ? { status: 'ok', value: reviveNumbers(record.summary) }
    : (outcome.federation as Exclude<CellOutcome['federation'], { status: 'ok' }>);
  return { result: { hash, row, seed, federation, attacks }, record, answers };
}

async function defenseRows(task: Task, { workplace }: StageTools): Promise<DefenseRow[]> {
  const rows = new Map<string, DefenseRow>();
  for (const { cell } of task.cells) {
    if (rows.has(cell.row)) continue;
    const { meta, targetRatio, control } = await workplace.defense(task, cell.defense.id);
    rows.set(cell.row, {
      key: cell.row,
      defense: meta.id,
      title: meta.title,
      params: cell.defense.params,
      targetRatio: targetRatio?.(meta.params.parse(cell.defense.params)) ?? null,
      ...(control && { control }),
      source: meta.source,
    });
  }
  return [...rows.values()];
}

/** Weakest first; the same with more colluders after it with fewer. */
function describeAdversaries(ids: readonly AdversaryId[]): AdversaryDescription[] {
  const order = adversaries.map(({ id }) => id);
  return ids
    .map(findAdversary)
    .toSorted(
      (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.count ?? 0) - (b.count ?? 0),
    )
    .map(({ id, title, knows, needs }) => ({ id, title, knows, needs }));
}

async function attackDescriptions(task: Task, { workplace }: StageTools) {
  return Promise.all(
    task.specification.attacks.map(async ({ id, params }) => {
      const { meta } = await workplace.attack(task, id);
      return { id, title: meta.title, kind: meta.kind, source: meta.source, params };
    }),
  );
}

function metricDescriptions(): MetricDescription[] {
  return metrics.map(({ meta: { version: _, ...description } }) => description);
}

/** The data set is loaded again only for its facts, which a failed run has to tell too. */
async function describeSetting(task: Task, { workplace }: StageTools) {
  const { dataset, partition, model } = await workplace.setting(
    task,
    task.specification.seeds[0] ?? 0,
  );
  return {
    dataset: {
      id: dataset.id,
      title: dataset.title,
      synthetic: dataset.synthetic,
      members: partition.clients.reduce((sum, { length }) => sum + length, 0),
      nonMembers: partition.nonMembers.length,
    },
    model: { id: model.id, title: model.title, parameters: model.layout.size },
  };
}

async function environmentOf(
  folder: RunFolder,
  records: readonly CellRecord[],
): Promise<RunResults['environment']> {
  const frozen = JSON.parse(await readFile(folder.file('environment.json'), 'utf8'));
  return { ...frozen, engine: enginesOf(records).join(', ') || 'none' };
}

function enginesOf(records: readonly CellRecord[]): string[] {
  return [...new Set(records.map(({ engine }) => engine))].sort();
}

function warnings(records: readonly CellRecord[]): string[] {
  const engines = enginesOf(records);
  const mixed =
    engines.length > 1
      ? [
          `Cells were computed on different tensor engines (${engines.join(', ')}), whose results differ in the last digits. Delete the run folder to compute all on one.`,
        ]
      : [];
  const insecure = records.flatMap(({ cell, summary: { exposition } }) =>
    exposition.insecure ? [`${cell.row} is there to show a leak: ${exposition.insecure}`] : [],
  );
  const lost = records.flatMap(({ cell, summary: { rounds } }) => {
    const without = rounds.filter((round) => round.lost);
    return without.length === 0
      ? []
      : [
          `${cell.row}, seed ${cell.seed}: ${without.length} of ${rounds.length} rounds gave no new global model. Round ${without[0]?.round}: ${without[0]?.lost?.reason}`,
        ];
  });
  return [...mixed, ...new Set(insecure), ...lost];
}
