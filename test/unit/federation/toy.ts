import type { KeyUse } from '../../../src/api/defense.ts';
import { parameterSet } from '../../../src/crypto/parameter-sets.ts';
import { openPlainRing } from '../../../src/crypto/plain.ts';
import type {
  EncryptedVector,
  GroupKeyRing,
  KeyRing,
  ParameterSetId,
} from '../../../src/crypto/scheme.ts';
import type { DataPartition, Dataset, LabelledSamples } from '../../../src/data/dataset.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { type RandomStream, randomStream } from '../../../src/engine/random.ts';
import type { Trajectory } from '../../../src/federation/trajectory.ts';
import { dense, layersOf, layoutOf } from '../../../src/models/layers.ts';
import type { Model } from '../../../src/models/model.ts';

export const features = 4;
export const classes = 3;

/** Softmax regression: 4 features, 3 classes, 15 parameters; its gradient has a closed form. */
export const softmaxRegression: Model = {
  id: 'softmax-regression',
  title: 'Softmax regression',
  source: 'a test',
  inputShape: [features],
  classes,
  layout: layoutOf({ fc: [features, classes] }),
  initialize(random) {
    return Float32Array.from({ length: features * classes + classes }, () => random.normal() / 4);
  },
  logits(parameters, inputs) {
    const [fc] = layersOf(parameters, 1);
    return dense(inputs, ...fc);
  },
};

/** Three well separated clouds. */
export function clouds(count: number, random: RandomStream): LabelledSamples {
  const inputs = new Float32Array(count * features);
  const labels = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const label = random.integer(classes);
    labels[at] = label;
    for (let feature = 0; feature < features; feature++)
      inputs[at * features + feature] = (feature === label ? 1 : 0) + 0.3 * random.normal();
  }
  return { count, inputShape: [features], inputs, labels };
}

export function toyDataset(): Dataset {
  const random = randomStream(7, 'clouds');
  return {
    id: 'clouds',
    title: 'Clouds',
    synthetic: true,
    inputShape: [features],
    classes,
    train: clouds(120, random),
    test: clouds(230, random),
  };
}

/** Six clients with 5, 8, 11, 14, 17 and 20 samples; two probe images. */
export function toyPartition(): DataPartition {
  let next = 0;
  const take = (count: number) => Uint32Array.from({ length: count }, () => next++);
  return {
    clients: [5, 8, 11, 14, 17, 20].map(take),
    probes: take(2),
    auxiliary: take(10),
    nonMembers: take(20),
  };
}

export const toyFederation = {
  clients: 6,
  clientsPerRound: 3,
  rounds: 3,
  localEpochs: 2,
  batchSize: 4,
  learningRate: 0.2,
  partition: { kind: 'iid' },
  proximal: 0,
  weighting: 'samples',
  dropout: { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 },
  trajectory: 'shared',
} as const;

export const toySpecification = {
  federation: toyFederation,
  network: { bitsPerSecond: 1_000_000 },
};

/** Mean cross-entropy gradient of softmax regression, in float64 from its closed form. */
export function closedFormGradient(
  weights: ArrayLike<number>,
  samples: LabelledSamples,
  indices: Iterable<number>,
): Float64Array {
  const gradient = new Float64Array(features * classes + classes);
  const chosen = [...indices];
  for (const sample of chosen) {
    const input = (feature: number) => samples.inputs[sample * features + feature] as number;
    const logits = Array.from({ length: classes }, (_, label) => {
      let logit = weights[features * classes + label] as number;
      for (let feature = 0; feature < features; feature++)
        logit += input(feature) * (weights[feature * classes + label] as number);
      return logit;
    });
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    logits.forEach((logit, label) => {
      const error = Math.exp(logit) / total - (samples.labels[sample] === label ? 1 : 0);
      for (let feature = 0; feature < features; feature++)
        gradient[feature * classes + label] =
          (gradient[feature * classes + label] as number) +
          (error * input(feature)) / chosen.length;
      gradient[features * classes + label] =
        (gradient[features * classes + label] as number) + error / chosen.length;
    });
  }
  return gradient;
}

/** A trajectory of random numbers: what the protocol does with it is easy to follow. */
export function randomTrajectory(
  seed: number,
  { rounds = 3, clients = 4, clientsPerRound = 3 } = {},
): Trajectory {
  const { size } = softmaxRegression.layout;
  const random = randomStream(seed, 'trajectory');
  const vector = () => Float32Array.from({ length: size }, () => random.normal());
  return {
    format: 'hefl-trajectory/1',
    model: softmaxRegression.id,
    size,
    rounds: Array.from({ length: rounds }, (_, at) => ({
      round: at + 1,
      globalModel: vector(),
      clients: Array.from(random.sample(clients, clientsPerRound), (client) => ({
        client,
        samples: 5 + client,
        localSteps: 4,
        batchSize: 4,
        localModel: vector(),
        gradient: vector(),
        seconds: { train: 1, gradient: 0.25 },
      })),
    })),
    finalModel: vector(),
  };
}

/** What runs a federation of toys besides a defense: six clients, and a probe in round 2. */
export function toySetting(engine: Engine) {
  const partition = toyPartition();
  return {
    specification: toySpecification,
    dataset: toyDataset(),
    partition,
    probes: [{ client: 6, round: 2, localSteps: 5, samples: partition.probes.slice(0, 1) }],
    model: softmaxRegression,
    engine,
    seed: 1,
    signal: new AbortController().signal,
    progress: () => {},
  };
}

/** Keys of any setup that do not encrypt, for tests of the protocol alone. */
export function transparentKeys({ setup }: KeyUse, scheme: ParameterSetId): KeyRing | GroupKeyRing {
  const plain = openPlainRing();
  const common = { parameterSet: parameterSet(scheme), keyBytes: { perClient: 1000, server: 600 } };
  if (setup === 'none') return plain;
  if (setup === 'shared') return { ...plain, ...common, keySetup: setup };
  const group: GroupKeyRing = {
    ...common,
    keySetup: setup,
    encryptor: (client) => plain.encryptor(client),
    aggregator: () => plain.aggregator(),
    shareHolder: (client) => ({
      share: async (aggregate, openers) => ({
        client,
        openers,
        payloads: [new Uint8Array(4 * aggregate.length)],
      }),
    }),
    merger: () => ({ merge: (aggregate) => plain.decryptor(0).decrypt(aggregate) }),
    close: async () => {},
  };
  return group;
}

/**
 * A key ring of the shared CKKS kind that does not encrypt, for tests of the protocol alone. It keeps
 * what went through it.
 */
export function transparentKeyRing(): KeyRing & { readonly encrypted: Float32Array[] } {
  const plain = openPlainRing();
  const encrypted: Float32Array[] = [];
  return {
    ...plain,
    keySetup: 'shared',
    parameterSet: parameterSet('ckks-tenseal'),
    keyBytes: { perClient: 1000, server: 600 },
    encrypted,
    encryptor: (client) => ({
      async encrypt(values, weight): Promise<EncryptedVector> {
        encrypted.push(values.slice());
        return plain.encryptor(client).encrypt(values, weight);
      },
    }),
  };
}
