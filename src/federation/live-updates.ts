import type { DataPartition, Dataset, LabelledSamples } from '../data/dataset.ts';
import type { ProbeClient } from '../data/probes.ts';
import { takeSamples } from '../data/samples.ts';
import type { Engine } from '../engine/program.ts';
import { type RandomStream, randomStream } from '../engine/random.ts';
import type { Model } from '../models/model.ts';
import type { Specification } from '../spec/specification.ts';
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
}

/** A client taking part in a round. */
interface Participant {
  readonly client: number;
  readonly samples: LabelledSamples;
  readonly epochs: number;
}

/** Trains the clients of each round, sampled without replacement, from whatever model they are sent. */
export function liveUpdates(settings: TrainingSettings): UpdateSource {
  const { specification, model, engine, signal } = settings;
  const { batchSize, learningRate } = specification.federation;
  const training = localTraining(engine, model, batchSize);
  const random = randomStream(settings.seed, 'federation');

  async function update(
    { client, samples, epochs }: Participant,
    round: number,
    start: Float32Array,
  ): Promise<ClientUpdate> {
    const began = performance.now();
    const localModel = await training.train({
      start,
      samples,
      epochs,
      learningRate,
      random: random.derive('shuffle', client, round),
      signal,
    });
    return {
      client,
      samples: samples.count,
      localSteps: epochs * Math.ceil(samples.count / batchSize),
      batchSize: Math.min(batchSize, samples.count),
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
    async clients(round, globalModel) {
      const updates: ClientUpdate[] = [];
      for (const participant of participants(settings, round, random))
        updates.push(await update(participant, round, globalModel));
      return updates;
    },
    nextModel: (_, aggregate) => aggregate,
  };
}

/** Ordinary clients in the order they were drawn, then the round's probe clients. */
function participants(
  { specification, dataset, partition, probes }: TrainingSettings,
  round: number,
  random: RandomStream,
): Participant[] {
  const { clients, clientsPerRound, localEpochs } = specification.federation;
  const drawn = random.derive('participants', round).sample(clients, clientsPerRound);
  return [
    ...Array.from(drawn, (client) => ({
      client,
      samples: takeSamples(dataset.train, partition.clients[client] ?? []),
      epochs: localEpochs,
    })),
    // A probe's local set fits into one batch, so that its epochs are its steps.
    ...probes
      .filter((probe) => probe.round === round)
      .map(({ client, samples, localSteps }) => ({
        client,
        samples: takeSamples(dataset.train, samples),
        epochs: localSteps,
      })),
  ];
}
