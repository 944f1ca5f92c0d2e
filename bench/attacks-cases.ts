import { dlg } from '../attacks/dlg/index.ts';
import { invertingGradients } from '../attacks/inverting-gradients/index.ts';
import type { Attack, ReconstructionOutput } from '../src/api/attack.ts';
import type { LabelledSamples } from '../src/data/dataset.ts';
import { loadMnist } from '../src/data/mnist.ts';
import { takeSamples } from '../src/data/samples.ts';
import type { Engine } from '../src/engine/program.ts';
import { randomStream } from '../src/engine/random.ts';
import { sgdStep } from '../src/federation/programs.ts';
import type { Model } from '../src/models/model.ts';
import { findModel } from '../src/models/registry.ts';
import type { Exposure } from '../src/view/adversaries.ts';
import { PartialVector } from '../src/view/partial-vector.ts';
import type { ServerView } from '../src/view/server-view.ts';

/** An attack with what it is measured on: digits of MNIST, one local step each, all in plaintext. */
export interface AttackCase {
  readonly title: string;
  readonly model: string;
  /** The same iteration in engine-torch.py. */
  readonly torch: string;
  /** Per image at most. */
  readonly iterations: number;
  /** Enough for the engine to have found how many iterations a call should make. */
  readonly warmUp: number;
  run(asked: Asked): Promise<ReconstructionOutput>;
}

interface Asked {
  readonly model: Model;
  readonly engine: Engine;
  readonly exposures: readonly Exposure[];
  readonly shadow: LabelledSamples;
  readonly iterations: number;
}

export const attackCases: Readonly<Record<string, AttackCase>> = {
  'ig-lenet': {
    title: 'Inverting Gradients, lenet-5',
    model: 'lenet-5',
    torch: 'ig-lenet-iteration',
    iterations: 4800,
    warmUp: 400,
    run: (asked) => runAttack(invertingGradients, asked, { restarts: 1 }),
  },
  'ig-dlg-lenet': {
    title: 'Inverting Gradients, dlg-lenet',
    model: 'dlg-lenet',
    torch: 'ig-iteration',
    iterations: 4800,
    warmUp: 400,
    run: (asked) => runAttack(invertingGradients, asked, { restarts: 1 }),
  },
  dlg: {
    title: 'DLG, dlg-lenet',
    model: 'dlg-lenet',
    torch: 'dlg-evaluation',
    iterations: 1200,
    warmUp: 200,
    run: (asked) => runAttack(dlg, asked, { restarts: 1 }),
  },
};

const LEARNING_RATE = 0.1;

/** What attacks a number of digits; gives the iterations made, all images together. */
export async function askAttack(
  { model: id, run }: AttackCase,
  engine: Engine,
  images: number,
): Promise<(iterations: number) => Promise<number>> {
  const model = findModel(id);
  const { train } = await loadMnist({ limit: images + 100, testLimit: 1 });
  const exposures = await transmissions(model, engine, train, images);
  const own = Array.from({ length: 100 }, (_, at) => images + at);
  const shadow = takeSamples(train, own);
  return async (iterations) => {
    const { targets } = await run({ model, engine, exposures, shadow, iterations });
    return targets.reduce((sum, target) => sum + target.iterations, 0);
  };
}

/** What clients with one digit each transmit after one step. */
async function transmissions(
  model: Model,
  engine: Engine,
  digits: LabelledSamples,
  clients: number,
): Promise<Exposure[]> {
  const start = model.initialize(randomStream('bench', model.id));
  const training = await engine.compile(sgdStep(model, 1));
  const exposures: Exposure[] = [];
  for (let client = 0; client < clients; client++) {
    const { inputs, labels } = takeSamples(digits, [client]);
    const oneHot = new Float32Array(model.classes);
    oneHot[labels[0] as number] = 1;
    const { state } = await training.run({
      steps: 1,
      state: model.layout.split(start),
      constants: [{ shape: [], data: Float32Array.of(LEARNING_RATE) }],
      perStep: [
        { shape: [1, 1, ...model.inputShape], data: inputs },
        { shape: [1, 1, model.classes], data: oneHot },
      ],
    });
    exposures.push({
      ...{ client, round: 1, start, model: model.layout.join(state) },
      ...{ scored: new Uint8Array(start.length).fill(1), knownCount: start.length },
      ...{ samples: 1, localSteps: 1, batchSize: 1, learningRate: LEARNING_RATE },
    });
  }
  training.dispose();
  return exposures;
}

function runAttack<P extends { readonly iterations: number }>(
  attack: Attack<P, ReconstructionOutput>,
  { model, engine, exposures, shadow, iterations }: Asked,
  params: Partial<P>,
): Promise<ReconstructionOutput> {
  const initialModel = (exposures[0] as Exposure).start;
  const view: ServerView = {
    model: model.id,
    size: initialModel.length,
    hyper: { learningRate: LEARNING_RATE, localEpochs: 1, batchSize: 1 },
    encryption: { parameterSet: 'plain', keySetup: 'none' },
    serverLearns: 'plain-part',
    ...{ initialModel, rounds: [], finalModel: PartialVector.unknown(initialModel.length) },
  };
  const aux = {
    dataset: {
      id: 'mnist',
      inputShape: model.inputShape,
      classes: model.classes,
      synthetic: false,
    },
    ...{ shadow, membership: [] },
    reconstruction: exposures.map(({ client, round, samples, localSteps }) => ({
      ...{ client, round, samples, localSteps },
    })),
  };
  return attack.run(view, aux, {
    params: attack.meta.params.parse({ ...params, iterations }),
    adversary: 'oracle',
    expose: ({ client }) => exposures[client] as Exposure,
    keyEvidence: () => Promise.reject(new Error('Nothing is encrypted here.')),
    ...{ model, engine, random: randomStream('bench', 'attack') },
    signal: new AbortController().signal,
    progress() {},
    once: (_key, compute) => compute(),
  });
}
