import { expect, test } from 'vitest';
import { digestExposures } from '../../../src/run/exposures.ts';
import { ObservedInput } from '../../../src/run/observed-input.ts';
import type { Exposure } from '../../../src/view/adversaries.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';

const weights = Float32Array.of(1, 2, 3);
const global = Float32Array.of(0.5, 0.5, 0.5);

function viewUnder(mask: Uint8Array): ServerView {
  return {
    model: 'three',
    size: 3,
    hyper: { learningRate: 0.1, localEpochs: 1, batchSize: 1 },
    encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
    serverLearns: 'aggregate',
    initialModel: global,
    rounds: [
      {
        round: 1,
        globalModel: PartialVector.complete(global),
        mask,
        transmissions: [
          {
            client: 4,
            samples: 1,
            localSteps: 1,
            batchSize: 1,
            weights: PartialVector.plaintextPart(weights, mask),
            ciphertexts: { count: 0, bytes: 0 },
          },
        ],
      },
    ],
    finalModel: PartialVector.complete(weights),
  };
}

const oracle = viewUnder(Uint8Array.of(0, 0, 0));
const targets = [{ client: 4, round: 1 }];

test('adversaries that read the same have the same digest', () => {
  const plain = { server: viewUnder(Uint8Array.of(0, 0, 0)), oracle };
  const masked = { server: viewUnder(Uint8Array.of(0, 1, 0)), oracle };
  const ids = ['stale', 'global-fill', 'mask-aware', 'oracle'] as const;
  const plainDigests = ids.map((id) => digestExposures(plain, id, targets));
  const maskedDigests = ids.map((id) => digestExposures(masked, id, targets));
  expect(new Set(plainDigests).size).toBe(1);
  expect(maskedDigests[3]).toBe(plainDigests[3]);
  expect(maskedDigests[0]).not.toBe(plainDigests[0]);
  expect(maskedDigests[2]).not.toBe(maskedDigests[1]);
});

test('public facts and the targets tie an attack to no cell', () => {
  const input = new ObservedInput(oracle, 'stale');
  const expose = input.exposeOnly(targets, () => ({}) as Exposure);
  expect(input.view.hyper.batchSize + input.view.size + input.view.initialModel.length).toBe(7);
  expose({ client: 4, round: 1 });
  expect(input.readsMore).toBe(false);
});

test.each([
  ['the rounds', (input: ObservedInput) => input.view.rounds],
  ['the encryption', (input: ObservedInput) => input.view.encryption],
  ['all fields', (input: ObservedInput) => ({ ...input.view })],
  ['the adversary', (input: ObservedInput) => input.adversary],
  [
    'another transmission',
    (input: ObservedInput) =>
      input.exposeOnly(targets, () => ({}) as Exposure)({ client: 5, round: 1 }),
  ],
])('reading %s does', (_, read) => {
  const input = new ObservedInput(oracle, 'stale');
  read(input);
  expect(input.readsMore).toBe(true);
});
