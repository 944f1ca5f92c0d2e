import type { LocalRule } from '../api/local-rule.ts';
import type { DataPartition, Dataset } from '../data/dataset.ts';
import type { ProbeClient } from '../data/probes.ts';
import type { Engine } from '../engine/program.ts';
import { type RandomStream, randomStream } from '../engine/random.ts';
import { sideBySide } from '../engine/side-by-side.ts';
import type { Model } from '../models/model.ts';
import type { Specification } from '../spec/specification.ts';
import { localData, localSamples } from './local-data.ts';
import { localTraining } from './local-training.ts';
import { secondsSince } from './stopwatch.ts';
import type { ClientUpdate, UpdateSource } from './updates.ts';

export interface TrainingSettings {
  readonly specification: Pick<Specification, 'federation'>;
  readonly dataset: Dataset;
  readonly partition: DataPartition;
  readonly probes: readonly ProbeClient[];
  readonly model: Model;
  readonly engine: Engine;
  /** The experiment's seed: initial model, participants and shuffles are derived from it. */
  readonly seed: number;
  readonly signal: AbortSignal;
  /** A defense's rule of local training. */
  readonly rule?: LocalRule | undefined;
}

/** A client taking part in a round. */
interface Participant {
  readonly client: number;
  readonly epochs: number;
}

/** Trains the clients of each round, sampled without replacement, from whatever model they are sent. */
export function liveUpdates(settings: TrainingSettings): UpdateSource {
  const { specification, model, engine, signal, rule } = settings;
  const { batchSize, learningRate, proximal } = specification.federation;
  const training = localTraining(engine, model, batchSize);
  const random = randomStream(settings.seed, 'federation');
  const participations = rule ? countParticipations(settings, random) : undefined;

  async function update(
    { client, epochs }: Participant,
    round: number,
    start: Float32Array,
  ): Promise<ClientUpdate> {
    const samples = localSamples(settings, client);
    const localSteps = epochs * Math.ceil(samples.count / batchSize);
    const schedule = {
      samples: samples.count,
      batchSize: Math.min(batchSize, samples.count),
      stepsPerRound: localSteps,
      participations: participations?.get(client) ?? 1,
    };
    const began = performance.now();
    const localModel = await training.train({
      start,
      samples,
      epochs,
      learningRate,
      proximal,
      ...(rule && {
        dpSgd: { clip: rule.clip, noiseMultiplier: rule.noiseMultiplier(schedule) },
      }),
      random: random.derive('shuffle', client, round),
      signal,
    });
    return {
      client,
      samples: samples.count,
      localSteps,
      batchSize: schedule.batchSize,
      localModel,
      trainSeconds: secondsSince(began),
      async gradient() {
        const asked = performance.now();
        const values = await training.gradient(localModel, samples);
        return { values, seconds: secondsSince(asked) };
      },
    };
  }

  return {
    initialModel: model.initialize(random.derive('initial-model')),
    async clients(round, globalModel, startOf = () => globalModel) {
      // No more at a time than the engine runs: a client that waits would be measured as slow.
      return sideBySide(
        participants(settings, round, random),
        () => engine.width,
        (participant) => update(participant, round, startOf(participant.client)),
      );
    },
    nextModel: (_, aggregate) => aggregate,
    data: localData({ ...settings, batchSize }),
  };
}

/** Ordinary clients in the order they were drawn, then the round's probe clients. */
function participants(
  { specification, probes }: TrainingSettings,
  round: number,
  random: RandomStream,
): Participant[] {
  const { localEpochs } = specification.federation;
  return [
    ...Array.from(drawnClients(specification, round, random), (client) => ({
      client,
      epochs: localEpochs,
    })),
    // A probe's local set fits into one batch, so that its epochs are its steps.
    ...probes
      .filter((probe) => probe.round === round)
      .map(({ client, localSteps }) => ({ client, epochs: localSteps })),
  ];
}

function drawnClients(
  { federation }: TrainingSettings['specification'],
  round: number,
  random: RandomStream,
): Uint32Array {
  return random
    .derive('participants', round)
    .sample(federation.clients, federation.clientsPerRound);
}

/** How many rounds of the experiment each client is drawn for. */
function countParticipations(
  { specification }: TrainingSettings,
  random: RandomStream,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (let round = 1; round <= specification.federation.rounds; round++)
    for (const client of drawnClients(specification, round, random))
      counts.set(client, (counts.get(client) ?? 0) + 1);
  return counts;
}
