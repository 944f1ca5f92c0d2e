import { createHash } from 'node:crypto';
import type { Cell, PluginUse } from '../spec/specification.ts';
import { ArtifactError } from '../store/artifact.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { canonicalJson } from '../store/json.ts';
import type { RunFolder } from '../store/run-folder.ts';
import type { StageFolder } from '../store/stage-folder.ts';
import type { AdversaryId } from '../view/adversaries.ts';
import type { Ending, Failure } from './messages.ts';
import type { AnyAttack } from './plugins.ts';
import type { RunProgress, TaskProgress } from './progress.ts';
import type { AttackRecord, CellRecord } from './records.ts';
import { attackKind, protocolKind, trajectoryKind } from './task-kinds.ts';
import type { StageName, TaskQueue } from './task-queue.ts';
import type {
  AttackTask,
  CellOutcome,
  Problem,
  ProtocolTask,
  RunContext,
  Task,
  TrajectoryTask,
} from './tasks.ts';
import type { Timings } from './timings.ts';

/** The run was stopped; what is complete stays, and the same command goes on from there. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export interface ExperimentParts {
  readonly context: RunContext;
  readonly cells: readonly Cell[];
  readonly folder: RunFolder;
  readonly queue: TaskQueue;
  readonly progress: RunProgress;
  readonly timings: Timings;
  readonly attacks: readonly AnyAttack[];
  /** Versions of the metrics that score the attacks. */
  readonly metrics: readonly { readonly id: string; readonly version: number }[];
  /** The recorded training a cell runs on; undefined: it trains its own. */
  trajectoryOf(cell: Cell): TrajectoryTask | undefined;
  /** Tells the user something that isn't an error. */
  notice(message: string): void;
}

type StageEnd = 'complete' | Problem;
type AttackOutcome = CellOutcome['attacks'][number]['outcome'];

/** Carries out every cell of a grid: training, protocol, attacks; complete stages are skipped. */
export class Experiment {
  readonly #parts: ExperimentParts;
  readonly #trajectories = new Map<string, Promise<StageEnd>>();
  readonly #answers = new Map<string, Promise<AttackOutcome>>();
  /** Tasks that ran, rather than being found complete. */
  executed = 0;

  constructor(parts: ExperimentParts) {
    this.#parts = parts;
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
    return this.#stage(this.#parts.folder.trajectory(task.hash), task, { kind, progress });
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
      federation_ = await this.#stage(folder.protocol(cell.hash), task, {
        kind,
        progress: planned,
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
    const stage = folder.protocol(cell.hash);
    const record = (await stage.readJson('cell.json')) as CellRecord;
    const { files } = await stage.manifest();
    const asked = questions.map(async ({ attack, adversary, planned }) => ({
      attack: attack.id,
      kind: this.#attack(attack).meta.kind,
      adversary,
      outcome: await this.#ask(cell, attack, adversary, planned, {
        auxiliary: files['auxiliary.bin']?.sha256,
        truth: files['truth.bin']?.sha256,
        exposures: record.exposures[adversary],
      }),
    }));
    return { cell, federation: { status: 'ok' }, attacks: await Promise.all(asked) };
  }

  #attack(use: PluginUse): AnyAttack {
    return this.#parts.attacks.find(({ meta }) => meta.id === use.id) as AnyAttack;
  }

  #planAttack(cell: Cell, use: PluginUse, adversary: AdversaryId): TaskProgress | undefined {
    if (!this.#attack(use).meta.adversaries.includes(adversary)) return undefined;
    const label = `${use.id} by ${adversary} on ${cellLabel(cell, this.#parts.context)}`;
    return this.#parts.progress.plan(
      'attack',
      attackKind(this.#parts.context.specification, use),
      label,
    );
  }

  /** Asks an attack, or takes the answer it gave to the same input elsewhere. */
  async #ask(
    cell: Cell,
    use: PluginUse,
    adversary: AdversaryId,
    planned: TaskProgress | undefined,
    input: {
      readonly auxiliary: string | undefined;
      readonly truth: string | undefined;
      readonly exposures: CellRecord['exposures'][AdversaryId];
    },
  ): Promise<AttackOutcome> {
    const { meta } = this.#attack(use);
    if (!planned)
      return {
        status: 'not-applicable',
        reason: `${meta.title} makes no sense for the adversary ${adversary}.`,
      };
    const key = shortHash({
      attack: [meta.id, meta.version, use.params],
      seed: cell.seed,
      metrics: this.#parts.metrics,
      ...input,
      exposures: input.exposures[meta.kind],
    });
    const task: AttackTask = { kind: 'attack', cell, attack: use, adversary, key };
    const earlier = this.#answers.get(key);
    if (earlier) planned.dropped();
    const answer = earlier ?? this.#answer(task, planned);
    this.#answers.set(key, answer);
    const outcome = await answer;
    if (outcome.status === 'stored' && !(await this.#holdsFor(outcome.key, cell, adversary))) {
      // The attack reads more than the exposures, so that it has to be asked for each cell.
      const own = shortHash([key, cell.hash, adversary]);
      const progress = this.#planAttack(cell, use, adversary) as TaskProgress;
      return this.#answer({ ...task, key: own }, progress);
    }
    return outcome;
  }

  async #holdsFor(key: string, cell: Cell, adversary: AdversaryId): Promise<boolean> {
    const stage = this.#parts.folder.attack(key);
    const { owner, readsMore } = (await stage.readJson('record.json')) as AttackRecord;
    return !readsMore || (owner.cell === cell.hash && owner.adversary === adversary);
  }

  async #answer(task: AttackTask, progress: TaskProgress): Promise<AttackOutcome> {
    const kind = attackKind(this.#parts.context.specification, task.attack);
    const end = await this.#stage(this.#parts.folder.attack(task.key), task, { kind, progress });
    return end === 'complete' ? { status: 'stored', key: task.key } : end;
  }

  /** Runs a stage unless it is complete already. */
  async #stage(
    folder: StageFolder,
    task: TrajectoryTask | ProtocolTask | AttackTask,
    { kind, progress }: { readonly kind: string; readonly progress: TaskProgress },
  ): Promise<StageEnd> {
    if (await this.#isComplete(folder)) {
      progress.ended('reused');
      return 'complete';
    }
    const { context, queue, timings } = this.#parts;
    const ending = await queue.run({
      stage: task.kind satisfies StageName,
      payload: { ...context, ...task } satisfies Task,
      limitSeconds: context.specification.limits.cellSeconds,
      expectedSeconds: () => timings.seconds(kind),
      started: progress.started,
      progress: progress.progress,
    });
    if (ending.status === 'stopped') throw new Interrupted('The run was stopped.');
    this.executed++;
    if (ending.status === 'done') timings.add(kind, ending.usage);
    progress.ended(ending.status === 'done' ? 'done' : 'failed');
    return this.#conclude(ending, `${task.kind}-${folderName(folder)}`);
  }

  /** A damaged stage is told and computed again. */
  async #isComplete(folder: StageFolder): Promise<boolean> {
    try {
      return await folder.verify();
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      this.#parts.notice(`${error.message}. It is computed again.`);
      return false;
    }
  }

  async #conclude(
    ending: Exclude<Ending, { status: 'stopped' }>,
    logName: string,
  ): Promise<StageEnd> {
    if (ending.status === 'done') return 'complete';
    if (ending.status === 'timed-out') return ending;
    const { code, message, hint, details } = ending.failure satisfies Failure;
    const log = this.#parts.folder.file('logs', `${logName}.log`);
    await writeFileAtomically(log, `${message}\n\n${details}\n`);
    return { status: 'failed', code, message, hint };
  }
}

function cellLabel(cell: Cell, { specification }: RunContext): string {
  return specification.seeds.length > 1 ? `${cell.row}, seed ${cell.seed}` : cell.row;
}

function folderName({ path }: StageFolder): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}
