import { publicSamples } from '../../data/public-samples.ts';
import { loadDataset } from '../../data/registry.ts';
import { randomStream } from '../../engine/random.ts';
import { localTraining } from '../../federation/local-training.ts';
import type { Specification } from '../../spec/specification.ts';
import type { PretrainingTask, RunContext } from '../tasks.ts';
import { PRETRAINED_FILE } from './pretrained-file.ts';
import { folderOf, type StageTools } from './workplace.ts';

/** Trains a seed's initial model on public data, once for all cells. */
export async function pretrainingStage(task: RunContext & PretrainingTask, tools: StageTools) {
  const { pretraining } = task.specification;
  if (!pretraining) throw new TypeError('a specification without pretraining has no such stage');
  const { epochs, batchSize, learningRate } = pretraining;
  const samples = await publicData(task.specification, pretraining);
  const model = await tools.workplace.untrainedModel(task);
  const training = localTraining(await tools.workplace.engine(), model, batchSize);
  const random = randomStream(task.seed, 'pretraining');
  let weights = model.initialize(random.derive('initial-model'));
  for (let epoch = 0; epoch < epochs; epoch++) {
    weights = await training.train({
      ...{ start: weights, samples, epochs: 1, learningRate },
      random: random.derive('epoch', epoch),
      signal: tools.signal,
    });
    tools.progress((epoch + 1) / epochs);
  }
  await folderOf(task)
    .pretrained(task.hash)
    .complete({ [PRETRAINED_FILE]: weights });
}

type Pretraining = NonNullable<Specification['pretraining']>;

async function publicData({ dataset }: Specification, { dataset: id, samples }: Pretraining) {
  const data = await loadDataset(id, { testLimit: 1 });
  const used = id === dataset.id ? (dataset.limit ?? data.train.count) : 0;
  return publicSamples(data, used, samples);
}
