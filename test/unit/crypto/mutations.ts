import { expect } from 'vitest';
import { CiphertextError, RepeatedDecryption } from '../../../src/crypto/scheme.ts';
import { type RandomStream, randomStream } from '../../../src/engine/random.ts';

/** Flips, cuts and overwrites, at random places of a byte string whose header ends at `header`. */
export function mutateBytes(bytes: Uint8Array, header: number, random: RandomStream): Uint8Array {
  const copy = bytes.slice();
  const body = bytes.length - header;
  switch (random.integer(6)) {
    case 0:
      return bytes.slice(0, random.integer(bytes.length));
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + random.integer(5000));
      longer.set(bytes);
      return longer;
    }
    case 2: {
      const at = random.integer(Math.max(1, header));
      copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
      return copy;
    }
    case 3: {
      const at = header + 8 * random.integer(Math.max(1, Math.floor(body / 8) - 1));
      return copy.fill(255, at, at + 8);
    }
    case 4: {
      const at = header + random.integer(body);
      return copy.fill(random.integer(256), at, at + random.integer(body));
    }
    default: {
      const at = header + random.integer(body);
      copy[at] = random.integer(256);
      return copy;
    }
  }
}

/** Whether an outcome is a refusal of the input that names what is wrong. */
function refused(outcome: unknown): boolean {
  return (
    outcome instanceof CiphertextError ||
    outcome instanceof RangeError ||
    outcome instanceof RepeatedDecryption
  );
}

/**
 * Hands 500 mutations to `use`: each must be refused by a check or be taken without an error.
 *
 * @param least so many must be refused, or the mutations were not worth their name
 */
export async function survive<T>(
  label: string,
  mutate: (random: RandomStream) => T,
  use: (mutated: T, at: number) => Promise<unknown>,
  least = 250,
): Promise<void> {
  const random = randomStream(17, 'fuzz', label);
  let refusals = 0;
  for (let at = 0; at < 500; at++) {
    const outcome = await use(mutate(random), at).catch((error: unknown) => error);
    if (refused(outcome)) refusals++;
    else if (outcome instanceof Error) throw outcome;
  }
  expect(refusals).toBeGreaterThan(least);
}
