import { createHash } from 'node:crypto';
import { pretrainingHash } from '../spec/hash.ts';
import type { Cell, PluginUse } from '../spec/specification.ts';
import { canonicalJson } from '../store/json.ts';
import { type AdversaryId, findAdversary } from '../view/adversaries.ts';
import { readsAs, viewKey } from './exposures.ts';
import type { AnyAttack } from './plugins.ts';
import type { RunProgress, TaskProgress } from './progress.ts';
import type { AttackRecord, CellRecord } from './records.ts';
import { type StageEnd, StageRunner, type StageRunnerParts } from './stage-runner.ts';
import { attackKind, pretrainingKind, protocolKind, trajectoryKind } from './task-kinds.ts';
import type {
  AttackTask,
  CellOutcome,
  PretrainingTask,
  Problem,
  ProtocolTask,
  RunContext,
  TrajectoryTask,
  ViewTask,
} from './tasks.ts';

export interface ExperimentParts extends StageRunnerParts {
  readonly cells: readonly Cell[];
  readonly progress: RunProgress;
  readonly attacks: readonly AnyAttack[];
  /** Versions of the metrics that score the attacks. */
  readonly metrics: readonly { readonly id: string; readonly version: number }[];
  /** The recorded training a cell runs on; undefined: it trains its own. */
  trajectoryOf(cell: Cell): TrajectoryTask | undefined;
}

/** A cell that attacks read. */
interface Source {
  readonly cell: Cell;
  readonly trajectory?: string;
  /** Sees to it that what an adversary sees lies in the run folder. */
  view(adversary: AdversaryId): Promise<StageEnd>;
}

type AttackOutcome = CellOutcome['attacks'][number]['outcome'];

/** Carries out every cell of a grid: training, protocol, attacks; complete stages are skipped. */
export class Experiment {
  readonly #parts: ExperimentParts;
  readonly #pretrained = new Map<number, Promise<StageEnd>>();
  readonly #trajectories = new Map<string, Promise<StageEnd>>();
  readonly #answers = new Map<string, Promise<AttackOutcome>>();
  readonly #stages: StageRunner;

  constructor(parts: ExperimentParts) {
    this.#parts = parts;
    this.#stages = new StageRunner(parts);
  }

  /** Tasks that ran, rather than being found complete. */
  get executed(): number {
    return this.#stages.executed;
  }

  /** @throws {Interrupted} when the queue was stopped. */
  run(): Promise<CellOutcome[]> {
    const { cells } = this.#parts;
    const trajectories = new Map(
      cells.flatMap((cell) => {
        const task = this.#parts.trajectoryOf(cell);
        return task ? [[task.hash, task] as const] : [];
      }),
    );
    for (const [hash, task] of trajectories) this.#trajectories.set(hash, this.#record(task));
    return Promise.all(cells.map((cell) => this.#runCell(cell)));
  }

  #record(task: TrajectoryTask): Promise<StageEnd> {
    const kind = trajectoryKind(this.#parts.context.specification);
    const progress = this.#parts.progress.plan('trajectory', kind, `seed ${task.seed}`);
    return this.#stages.run(this.#parts.folder.trajectory(task.hash), task, {
      ...{ kind, progress },
      needs: () => this.#initialModel(task.seed),
    });
  }

  /** Sees to it that a seed's initial model is there, where it takes training. */
  async #initialModel(seed: number): Promise<StageEnd> {
    const { specification } = this.#parts.context;
    if (!specification.pretraining) return 'complete';
    const end = this.#pretrained.get(seed) ?? this.#pretrain(seed);
    this.#pretrained.set(seed, end);
    return end;
  }

  #pretrain(seed: number): Promise<StageEnd> {
    const { folder, progress, context } = this.#parts;
    const kind = pretrainingKind(context.specification);
    const hash = pretrainingHash(context.specification, seed);
    const task: PretrainingTask = { kind: 'pretraining', hash, seed };
    const planned = progress.plan('pretraining', kind, `seed ${seed}`);
    return this.#stages.run(folder.pretrained(hash), task, { kind, progress: planned });
  }

  async #runCell(cell: Cell): Promise<CellOutcome> {
    const { folder, progress, context } = this.#parts;
    const { attacks, adversaries } = context.specification;
    const label = cellLabel(cell, context);
    const kind = protocolKind(context.specification, cell.row);
    const planned = progress.plan('protocol', kind, label);
    const questions = attacks.flatMap((attack) =>
      (adversaries as AdversaryId[]).map((adversary) => ({
        attack,
        adversary,
        planned: this.#planAttack(cell, attack, adversary),
      })),
    );

    const trajectory = this.#parts.trajectoryOf(cell)?.hash;
    const trained = trajectory ? await this.#trajectories.get(trajectory) : 'complete';
    let federation_: StageEnd = trained ?? 'complete';
    if (federation_ === 'complete') {
      const task: ProtocolTask = { kind: 'protocol', cell, ...(trajectory && { trajectory }) };
      federation_ = await this.#stages.run(folder.protocol(cell.hash), task, {
        ...{ kind, progress: planned },
        needs: () => this.#initialModel(cell.seed),
        isComplete: () => this.#isRecorded(cell),
      });
    } else planned.ended('failed');

    if (federation_ !== 'complete') {
      for (const question of questions) question.planned?.dropped();
      const outcome: Problem = {
        status: 'skipped',
        reason: 'The federation of this cell did not finish.',
      };
      return {
        cell,
        federation: federation_,
        attacks: questions.map(({ attack, adversary }) => ({
          attack: attack.id,
          kind: this.#attack(attack).meta.kind,
          adversary,
          outcome,
        })),
      };
    }
    const record = (await folder.protocol(cell.hash).readJson('cell.json')) as CellRecord;
    const source: Source = {
      cell,
      ...(trajectory && { trajectory }),
      view: once(
        (adversary) => this.#exposeView(cell, trajectory, adversary),
        (adversary) => viewKey(cell.hash, adversary),
      ),
    };
    const asked = questions.map(async ({ attack, adversary, planned }) => ({
      attack: attack.id,
      kind: this.#attack(attack).meta.kind,
      adversary,
      outcome: await this.#ask(source, attack, adversary, planned, {
        targets: record.targets,
        exposures: record.exposures[adversary],
      }),
    }));
    const answered = await Promise.all(asked);
    const views = (adversaries as AdversaryId[]).map((adversary) => viewKey(cell.hash, adversary));
    for (const key of new Set(views)) await folder.view(key).remove();
    return { cell, federation: { status: 'ok' }, attacks: answered };
  }

  #exposeView(
    cell: Cell,
    trajectory: string | undefined,
    adversary: AdversaryId,
  ): Promise<StageEnd> {
    const task: ViewTask = { kind: 'view', cell, ...(trajectory && { trajectory }), adversary };
    const { folder } = this.#parts;
    return this.#stages.prepare(folder.view(viewKey(cell.hash, adversary)), task);
  }

  #attack(use: PluginUse): AnyAttack {
    return this.#parts.attacks.find(({ meta }) => meta.id === use.id) as AnyAttack;
  }

  #planAttack(cell: Cell, use: PluginUse, adversary: AdversaryId): TaskProgress | undefined {
    const { kind } = findAdversary(adversary);
    if (!this.#attack(use).meta.adversaries.includes(kind)) return undefined;
    const label = `${use.id} by ${adversary} on ${cellLabel(cell, this.#parts.context)}`;
    return this.#parts.progress.plan(
      'attack',
      attackKind(this.#parts.context.specification, use),
      label,
    );
  }

  /** Asks an attack, or takes the answer it gave to the same input elsewhere. */
  async #ask(
    source: Source,
    use: PluginUse,
    adversary: AdversaryId,
    planned: TaskProgress | undefined,
    input: {
      readonly targets: string;
      readonly exposures: CellRecord['exposures'][AdversaryId];
    },
  ): Promise<AttackOutcome> {
    const { cell, trajectory, view } = source;
    const { meta } = this.#attack(use);
    if (!planned)
      return {
        status: 'not-applicable',
        reason: `${meta.title} is asked by other adversaries: ${meta.adversaries.join(', ')}.`,
      };
    const key = shortHash({
      attack: [meta.id, meta.version, use.params],
      seed: cell.seed,
      metrics: this.#parts.metrics,
      ...input,
      exposures: input.exposures?.[meta.kind] ?? [cell.hash, adversary],
    });
    const task: AttackTask = {
      kind: 'attack',
      cell,
      ...(trajectory && { trajectory }),
      attack: use,
      adversary,
      key,
    };
    const earlier = this.#answers.get(key);
    if (earlier) planned.dropped();
    const answer = earlier ?? this.#answer(task, view, planned);
    this.#answers.set(key, answer);
    const outcome = await answer;
    if (outcome.status === 'stored' && !(await this.#holdsFor(outcome.key, cell, adversary))) {
      // The attack reads more than the exposures, so that it has to be asked for each cell.
      const own = shortHash([key, cell.hash, adversary]);
      const progress = this.#planAttack(cell, use, adversary) as TaskProgress;
      return this.#answer({ ...task, key: own }, view, progress);
    }
    return outcome;
  }

  async #holdsFor(key: string, cell: Cell, adversary: AdversaryId): Promise<boolean> {
    const stage = this.#parts.folder.attack(key);
    const { owner, readsMore } = (await stage.readJson('record.json')) as AttackRecord;
    return !readsMore || (owner.cell === cell.hash && owner.adversary === adversary);
  }

  async #answer(
    task: AttackTask,
    view: Source['view'],
    progress: TaskProgress,
  ): Promise<AttackOutcome> {
    const kind = attackKind(this.#parts.context.specification, task.attack);
    const end = await this.#stages.run(this.#parts.folder.attack(task.key), task, {
      kind,
      progress,
      needs: async () => {
        const start = await this.#initialModel(task.cell.seed);
        // The oracle reads the training itself.
        if (start !== 'complete' || findAdversary(task.adversary).sees === 'everything')
          return start;
        return view(readsAs(this.#attack(task.attack).meta.kind, task.adversary));
      },
    });
    return end === 'complete' ? { status: 'stored', key: task.key } : end;
  }

  /** Whether a cell is there, with the targets that it shares with others. */
  async #isRecorded(cell: Cell): Promise<boolean> {
    const { folder } = this.#parts;
    const stage = folder.protocol(cell.hash);
    if (!(await this.#stages.isComplete(stage))) return false;
    const { targets } = (await stage.readJson('cell.json')) as CellRecord;
    return this.#stages.isComplete(folder.targets(targets));
  }
}

/** Makes one value per key. */
function once<A, T>(make: (argument: A) => T, keyOf: (argument: A) => string): (argument: A) => T {
  const made = new Map<string, T>();
  return (argument) => {
    const key = keyOf(argument);
    const value = made.get(key) ?? make(argument);
    made.set(key, value);
    return value;
  };
}

function cellLabel(cell: Cell, { specification }: RunContext): string {
  return specification.seeds.length > 1 ? `${cell.row}, seed ${cell.seed}` : cell.row;
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}
