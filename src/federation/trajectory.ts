import { sideBySide } from '../engine/side-by-side.ts';
import { dropouts, uploads } from './dropout.ts';
import { aggregationWeights, weightedMean } from './fedavg.ts';
import { liveUpdates, type TrainingSettings } from './live-updates.ts';
import { type LocalData, noLocalData } from './local-data.ts';
import { secondsSince } from './stopwatch.ts';
import type { ClientUpdate, MeasuredGradient, UpdateSource } from './updates.ts';

/** One client's training in one round, recorded. */
export interface RecordedUpdate {
  readonly client: number;
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  /** What it started from, [N], where that isn't the round's global model. */
  readonly start?: Float32Array;
  /** w_t^k, [N]. */
  readonly localModel: Float32Array;
  /** ∇L(w_t^k, D^k), [N]; absent where nobody was going to ask for it. */
  readonly gradient?: Float32Array;
  readonly seconds: { readonly train: number; readonly gradient: number };
}

/**
 * A federation trained once by plain FedAvg, for every defense that does not change training. A tree
 * of plain values and typed arrays, as a store writes it.
 */
export interface Trajectory {
  readonly format: 'hefl-trajectory/1';
  readonly model: string;
  /** N. */
  readonly size: number;
  readonly rounds: readonly {
    readonly round: number;
    /** w_{t-1}, [N]. */
    readonly globalModel: Float32Array;
    /** In order of selection, the round's probe clients last. */
    readonly clients: readonly RecordedUpdate[];
  }[];
  /** The model after the last round, [N]. */
  readonly finalModel: Float32Array;
}

export interface TrajectorySettings extends TrainingSettings {
  /** Whether some defense proposes masks by gradient. */
  readonly gradients?: boolean;
  /** Share of all client rounds done, 0 … 1. */
  progress(fraction: number): void;
}

/** Trains `federation.rounds` rounds of FedAvg; probe clients are ordinary participants. */
export async function recordTrajectory(settings: TrajectorySettings): Promise<Trajectory> {
  const { specification, model, signal, gradients = true, progress } = settings;
  const source = liveUpdates(settings);
  const rounds: Trajectory['rounds'][number][] = [];
  let globalModel = source.initialModel;
  for (let round = 1; round <= specification.federation.rounds; round++) {
    const updates = await source.clients(round, globalModel);
    const atATime = () => settings.engine.width;
    const clients = await sideBySide(updates, atATime, async (update) => {
      signal.throwIfAborted();
      return recordUpdate(update, gradients ? await update.gradient() : undefined);
    });
    rounds.push({ round, globalModel, clients });
    globalModel = plainAggregate(settings, round, updates) ?? globalModel;
    progress(round / specification.federation.rounds);
  }
  return {
    format: 'hefl-trajectory/1',
    model: model.id,
    size: model.layout.size,
    rounds,
    finalModel: globalModel,
  };
}

/** Plain FedAvg's w_t of the clients whose upload arrives; undefined when no ordinary client's does. */
function plainAggregate(
  { specification: { federation }, seed }: TrajectorySettings,
  round: number,
  updates: readonly ClientUpdate[],
): Float32Array | undefined {
  const ordinary = updates.filter(({ client }) => client < federation.clients);
  const drawn = ordinary.map(({ client }) => client);
  const fallen = dropouts(federation.dropout, seed, round, drawn);
  if (ordinary.every(({ client }) => !uploads(fallen, client))) return undefined;
  const arrived = updates.filter(({ client }) => uploads(fallen, client));
  return weightedMean(
    arrived.map(({ localModel }) => localModel),
    aggregationWeights(arrived, federation.weighting, federation.clients),
  );
}

export function recordUpdate(
  { client, samples, localSteps, batchSize, localModel, trainSeconds }: ClientUpdate,
  gradient?: MeasuredGradient,
  start?: Float32Array,
): RecordedUpdate {
  return {
    client,
    samples,
    localSteps,
    batchSize,
    ...(start && { start }),
    localModel,
    ...(gradient && { gradient: gradient.values }),
    seconds: { train: trainSeconds, gradient: gradient?.seconds ?? 0 },
  };
}

/**
 * Plays a trajectory back. The clients' updates stay those of plain FedAvg, so each round starts from
 * the recorded w_{t-1}, not from the decrypted aggregate, which differs by the scheme's error; what
 * the protocol records is then the same in every run.
 *
 * @param data for defenses that let clients compute more than was recorded
 */
export function recordedUpdates(trajectory: Trajectory, data?: LocalData): UpdateSource {
  const { rounds, finalModel } = trajectory;
  const find = (round: number) => {
    const found = rounds[round - 1];
    if (!found)
      throw new RangeError(`round ${round} of a trajectory of ${rounds.length} was asked for`);
    return found;
  };
  return {
    initialModel: find(1).globalModel,
    async clients(round) {
      return find(round).clients.map(({ gradient, seconds, ...update }) => ({
        ...update,
        trainSeconds: seconds.train,
        async gradient() {
          if (gradient) return { values: gradient, seconds: seconds.gradient };
          if (!data)
            throw new TypeError('the trajectory was recorded without the gradients asked for');
          const asked = performance.now();
          const values = await data.computations(update.client).gradient(update.localModel);
          return { values, seconds: secondsSince(asked) };
        },
      }));
    },
    nextModel: (round) => rounds[round]?.globalModel ?? finalModel,
    data: data ?? noLocalData,
  };
}
