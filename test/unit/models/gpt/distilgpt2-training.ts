import { openEngine } from '../../../../src/engine/choose.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { clientComputations } from '../../../../src/federation/client-computations.ts';
import { localTraining } from '../../../../src/federation/local-training.ts';
import { microBatchSize } from '../../../../src/federation/micro-batches.ts';
import { distilGpt2 } from '../../../../src/models/gpt/distilgpt2.ts';
import { bytePairTokenizer } from '../../../../src/text/byte-pairs.ts';

/**
 * A process that trains a DistilGPT2 for two steps of four sequences and prints what that took: run by
 * a slow test, so that the peak of resident memory is of this alone.
 */
async function main(): Promise<void> {
  const { encode } = await bytePairTokenizer();
  const text = 'A mask that follows gradients encrypts what it has seen, and shows the rest. ';
  const tokens = encode(text.repeat(40));
  const samples = {
    ...{ count: 4, inputShape: [64] },
    inputs: Float32Array.from(
      { length: 256 },
      (_, at) => tokens[65 * Math.floor(at / 64) + (at % 64)] as number,
    ),
    labels: Int32Array.from({ length: 4 }, (_, at) => tokens[65 * at + 64] as number),
  };
  const engine = await openEngine({ workers: 1 });
  const micro = microBatchSize(distilGpt2, 4);
  const own = clientComputations(engine, distilGpt2, micro);
  let weights = distilGpt2.initialize(randomStream(1));
  const before = await own.loss(weights, samples);
  const training = localTraining(engine, distilGpt2, 4);
  const step = async () => {
    const began = process.cpuUsage();
    weights = await training.train({
      ...{ start: weights, samples, epochs: 1, learningRate: 0.05 },
      random: randomStream(2),
      signal: new AbortController().signal,
    });
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1e6;
  };
  // The first step compiles.
  await step();
  const seconds = await step();
  const after = await own.loss(weights, samples);
  const { maxRSS } = process.resourceUsage();
  console.log(
    JSON.stringify({
      ...{ before, after, micro, peakBytes: 1024 * maxRSS },
      cpuSecondsPerMicroBatch: seconds / Math.ceil(4 / micro),
    }),
  );
  process.exit();
}

void main();
