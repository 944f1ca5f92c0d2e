import type { Tensor } from '@tensorflow/tfjs-core';
import type { Attack, AttackContext, AttackOutput } from '../../../src/api/attack.ts';
import type { LabelledSamples } from '../../../src/data/dataset.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Program } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { crossEntropy } from '../../../src/models/loss.ts';
import type { Model } from '../../../src/models/model.ts';
import type { AdversaryId, Exposure } from '../../../src/view/adversaries.ts';
import type { AuxiliaryKnowledge } from '../../../src/view/auxiliary.ts';
import { exposeTransmission } from '../../../src/view/exposure.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import type { KeyEvidenceRecord } from '../../../src/view/key-evidence.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import { exposeShadow } from '../../../src/view/shadow.ts';

export const engine = await openEngine();

/** The first 400 digits of MNIST's training set. */
export const digits: LabelledSamples = (await loadDataset('mnist', { limit: 400, testLimit: 1 }))
  .train;

/** `count` digits from `first` on. */
export function take(first: number, count: number, from = digits): LabelledSamples {
  const size = from.inputs.length / from.count;
  return {
    count,
    inputShape: from.inputShape,
    inputs: from.inputs.slice(first * size, (first + count) * size),
    labels: from.labels.slice(first, first + count),
  };
}

const trainers = new Map<string, Promise<Program>>();

/** Full-batch SGD on `count` samples; compiled once. */
function trainer(model: Model, count: number, learningRate: number): Promise<Program> {
  const key = `${model.id} ${count} ${learningRate}`;
  const known = trainers.get(key);
  if (known) return known;
  const program = engine.compile({
    name: 'test/local-training',
    state: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    constants: [
      { shape: [count, ...model.inputShape], dtype: 'float32' },
      { shape: [count], dtype: 'int32' },
    ],
    perStep: [],
    step({ state, constants: [x, y] }) {
      const gradients = tf.grads((...w: Tensor[]) =>
        crossEntropy(model.logits(w, x as Tensor), y as Tensor),
      )([...state]);
      return {
        state: state.map((w, at) => tf.sub(w, tf.mul(gradients[at] as Tensor, learningRate))),
        outputs: [],
      };
    },
  });
  trainers.set(key, program);
  return program;
}

/** What a client does: full-batch SGD steps on its samples. */
export async function trainLocally(
  model: Model,
  start: Float32Array,
  { count, inputShape, inputs, labels }: LabelledSamples,
  { steps, learningRate }: { steps: number; learningRate: number },
): Promise<Float32Array> {
  const program = await trainer(model, count, learningRate);
  const { state } = await program.run({
    steps,
    state: model.layout.split(start),
    constants: [
      { shape: [count, ...inputShape], data: inputs },
      { shape: [count], data: labels },
    ],
  });
  return model.layout.join(state);
}

export interface Client {
  /** w_t^k. */
  readonly weights: Float32Array;
  readonly samples: number;
  readonly localSteps: number;
}

/** One round from w_0, all clients under the same mask (1 = encrypted). Client k is number k. */
export function oneRound(
  model: Model,
  start: Float32Array,
  clients: readonly Client[],
  mask: Uint8Array,
  learningRate: number,
): ServerView {
  return {
    model: model.id,
    size: start.length,
    hyper: { learningRate, localEpochs: 1, batchSize: 32 },
    encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
    serverLearns: 'plain-part',
    initialModel: start,
    rounds: [
      {
        round: 1,
        globalModel: PartialVector.complete(start),
        mask,
        transmissions: clients.map(({ weights, samples, localSteps }, client) => ({
          client,
          samples,
          localSteps,
          batchSize: 32,
          weights: PartialVector.plaintextPart(weights, mask),
          ciphertexts: { count: 0, bytes: 0 },
        })),
      },
    ],
    finalModel: PartialVector.unknown(start.length),
  };
}

/** What the attacker has besides: digits of its own, and the given questions. */
export function knowledge(
  questions: Partial<Pick<AuxiliaryKnowledge, 'membership' | 'reconstruction'>>,
  shadow = take(0, 100),
): AuxiliaryKnowledge {
  return {
    dataset: { id: 'mnist', inputShape: shadow.inputShape, classes: 10, synthetic: false },
    shadow,
    membership: [],
    reconstruction: [],
    ...questions,
  };
}

export interface Asked<P> {
  readonly model: Model;
  readonly view: ServerView;
  readonly aux: AuxiliaryKnowledge;
  readonly adversary?: AdversaryId;
  readonly params?: Partial<P>;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
  /** What `once` has computed so far. */
  readonly remembered?: Map<string, Float32Array>;
  /** Takes the place of what the view exposes. */
  readonly exposure?: Exposure;
  readonly keyEvidence?: KeyEvidenceRecord;
}

const NO_KEYS: KeyEvidenceRecord = {
  opens: 'nothing',
  evidence: [],
  reason: 'Nothing is encrypted, so there is no key to recover.',
};

/** Runs an attack as a cell would. */
export async function ask<P, O extends AttackOutput>(
  attack: Attack<P, O>,
  asked: Asked<P>,
): Promise<O> {
  const { model, view, aux, adversary = 'oracle', seed = 1, exposure } = asked;
  const remembered = asked.remembered ?? new Map<string, Float32Array>();
  const freshModel = () => model.initialize(randomStream(seed, 'fresh model'));
  const context: AttackContext<P> = {
    params: attack.meta.params.parse(asked.params ?? {}),
    adversary,
    expose: (target) => exposure ?? exposeTransmission({ view, freshModel }, adversary, target),
    ...(adversary === 'in-the-loop' && {
      shadowTransmissions: async ({ round }, clients) => {
        const mask = view.rounds.find((one) => one.round === round)?.mask as Uint8Array;
        return clients.map((shadow, at) => exposeShadow(view, round, -1 - at, shadow, mask));
      },
    }),
    keyEvidence: async () => asked.keyEvidence ?? NO_KEYS,
    model,
    engine,
    random: randomStream(seed, 'attack'),
    signal: asked.signal ?? new AbortController().signal,
    progress: asked.progress ?? (() => {}),
    async once(key, compute) {
      const name = JSON.stringify(key);
      const value = remembered.get(name) ?? (await compute());
      remembered.set(name, value);
      return value;
    },
  };
  return attack.run(view, aux, context);
}

/** Bytes of an output, for byte-by-byte comparison. */
export function bytesOf(output: AttackOutput): string {
  return JSON.stringify(output, (_, value) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      : value,
  );
}

export function nothingEncrypted(model: Model): Uint8Array {
  return new Uint8Array(model.layout.size);
}

/** Probe clients with one digit each, in round 1, and the answers. */
export async function probeRound(
  model: Model,
  start: Float32Array,
  originals: readonly LabelledSamples[],
  settings: { readonly localSteps: number; readonly learningRate: number },
  mask = nothingEncrypted(model),
) {
  const { localSteps, learningRate } = settings;
  const clients: Client[] = [];
  for (const own of originals) {
    const weights = await trainLocally(model, start, own, { steps: localSteps, learningRate });
    clients.push({ weights, samples: own.count, localSteps });
  }
  const question = (client: number) => ({ client, round: 1 });
  return {
    view: oneRound(model, start, clients, mask, learningRate),
    aux: knowledge({
      reconstruction: clients.map(({ samples }, client) => ({
        ...question(client),
        samples,
        localSteps,
      })),
    }),
    truth: {
      membership: [],
      reconstruction: originals.map(({ inputShape, inputs, labels }, client) => ({
        ...question(client),
        inputShape,
        images: inputs,
        labels,
      })),
      meanImage: new Float32Array(784),
      distractors: new Float32Array(0),
    } satisfies GroundTruth,
  };
}
