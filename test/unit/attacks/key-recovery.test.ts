import { expect, test } from 'vitest';
import { keyRecovery } from '../../../attacks/key-recovery/index.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { keysRecovered } from '../../../src/metrics/keys-recovered.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { KeyEvidence, KeyEvidenceRecord } from '../../../src/view/key-evidence.ts';
import { ask, knowledge, nothingEncrypted, oneRound } from './setting.ts';

const DEGREE = 32;
/** 2^31 - 1: the mathematics is the same for every prime. */
const prime = 2_147_483_647n;
const random = randomStream(5, 'keys');
const residues = () =>
  BigUint64Array.from({ length: DEGREE }, () => BigInt(random.integer(Number(prime))));
const plus = (a: bigint, b: bigint) => (a + b) % prime;

/** Ciphertexts of one key with what is shown of them, off by `noise`. */
function evidence(
  shows: KeyEvidence['shows'],
  noise: () => bigint,
  precision?: 'float32' | 'float64',
): KeyEvidence {
  const key = residues();
  const ciphertexts = [0, 1, 2].map(() => {
    const [c0, c1] = [residues(), residues()];
    const product = c1.map((value, at) => (value * (key[at] as bigint)) % prime);
    const message = c0.map((value, at) => plus(value, product[at] as bigint));
    const doubled = message.map((value, at) => plus(value, message[DEGREE - 1 - at] as bigint));
    const shown = shows === 'values' ? doubled : product;
    return { c0, c1, shown: shown.map((value) => plus(value, noise())) };
  });
  return { owner: 'all', shows, prime, ciphertexts, ...(precision && { precision }) };
}

const exact = () => 0n;
const noisy = () => BigInt(random.integer(1000));
const model = findModel('mlp-2fc');
const view = oneRound(model, new Float32Array(model.layout.size), [], nothingEncrypted(model), 0.1);

const run = (keyEvidence: KeyEvidenceRecord | undefined, params = {}) =>
  ask(keyRecovery, {
    ...{ model, view, aux: knowledge({}), adversary: 'key-recovery', params },
    ...(keyEvidence && { keyEvidence }),
  });
const record = (...list: KeyEvidence[]): KeyEvidenceRecord => ({ opens: 'own', evidence: list });

test.each(['partial-decryption', 'values'] as const)(
  'exact %s give the key away',
  async (shows) => {
    const output = await run(record(evidence(shows, exact)));
    expect(output.targets[0]?.explained).toBe(1);
    expect(keysRecovered.pool([{ output, truth: {} as never }])).toMatchObject({ value: 1, n: 1 });
  },
);

test.each(['partial-decryption', 'values'] as const)('noisy %s do not', async (shows) => {
  const output = await run(record(evidence(shows, noisy)));
  // By chance, once in 1,000 · 32 coefficients of so small a noise.
  expect(output.targets[0]?.explained).toBeLessThan(0.1);
  expect(keysRecovered.score(output, {} as never)?.value).toBe(0);
});

test('returned values count as they were sent, unless unrounded ones are asked for', async () => {
  const both = record(evidence('values', noisy, 'float32'), evidence('values', exact, 'float64'));
  expect((await run(both)).targets.map(({ explained }) => explained === 1)).toEqual([false]);
  const unrounded = await run(both, { returned: 'float64' });
  expect(unrounded.targets.map(({ explained }) => explained)).toEqual([1]);
});

test('is not applicable, with a reason, where nothing or too little was shown', async () => {
  const few = evidence('values', exact);
  for (const [given, words] of [
    [undefined, 'no key'],
    [record({ ...few, ciphertexts: few.ciphertexts.slice(1) }), 'too few'],
  ] as const) {
    const failure = await run(given).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotApplicable);
    expect((failure as Error).message).toContain(words);
  }
});
