import { expect, it } from 'vitest';
import { defaultOptions, type SchemeOptions } from '../../../src/crypto/scheme-options.ts';
import { openContext } from '../../../src/crypto/seal/context.ts';
import { loadSeal, withSeal } from '../../../src/crypto/seal/library.ts';
import { sealParameters } from '../../../src/crypto/seal/seal-parameters.ts';
import { randomStream } from '../../../src/engine/random.ts';

/**
 * Bits by which the noise of a sum could still grow before BFV decrypts wrongly, without an error.
 * Measuring them needs the secret key and leaks it, so no run does this.
 */
async function budgetOfSum(
  id: 'bfv-pack23' | 'bfv-maskcrypt',
  clients: number,
  options: Partial<SchemeOptions> = {},
): Promise<number> {
  const seal = await loadSeal();
  const set = openContext(seal, sealParameters(id), { ...defaultOptions, ...options });
  return withSeal((scope) => {
    const keys = scope(seal.KeyGenerator(set.context));
    const encryptor = scope(seal.Encryptor(set.context, scope(keys.createPublicKey())));
    const decryptor = scope(seal.Decryptor(set.context, scope(keys.secretKey())));
    const plaintext = scope(seal.PlainText());
    const sum = scope(seal.CipherText());
    const term = scope(seal.CipherText());
    const random = randomStream(41, id);
    for (let client = 0; client < clients; client++) {
      const values = Float32Array.from({ length: 16_384 }, () => random.normal());
      const count = set.codec.valuesPerPlaintext;
      set.codec.encode(values.subarray(0, count), 1 / clients, plaintext, random);
      const target = client === 0 ? sum : term;
      encryptor.encrypt(plaintext, target);
      if (set.weight) set.evaluator.multiplyPlain(target, scope(set.weight(1)), target);
      if (client > 0) set.evaluator.add(sum, term, sum);
    }
    set.finish(sum);
    return decryptor.invariantNoiseBudget(sum);
  });
}

it('bfv-pack23 has room after sums of 128 clients', async () => {
  expect(await budgetOfSum('bfv-pack23', 128)).toBeGreaterThanOrEqual(1);
});

it('bfv-maskcrypt has room after full weights, and with the fewest primes', async () => {
  expect(await budgetOfSum('bfv-maskcrypt', 20)).toBeGreaterThan(50);
  const small = await budgetOfSum('bfv-maskcrypt', 20, { downloads: 'fewest-primes' });
  expect(small).toBeGreaterThan(5);
});
