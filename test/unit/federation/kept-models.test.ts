import { expect, test } from 'vitest';
import { KeptModels } from '../../../src/federation/kept-models.ts';

const bits = (text: string) => Uint8Array.from(text, Number);

test('a client goes on from its own model and catches up with what was averaged meanwhile', () => {
  const kept = new KeptModels(Float32Array.of(0, 0, 0, 0));
  const local = (client: number, value: number, hears = true) => ({
    client,
    localModel: new Float32Array(4).fill(value),
    hears,
  });
  kept.conclude(1, Float32Array.of(9, 0, 0, 0), bits('1000'), [local(1, 1), local(2, 2)]);
  expect(kept.startOf(1)).toEqual(Float32Array.of(9, 1, 1, 1));
  expect(kept.startOf(3)).toEqual(Float32Array.of(9, 0, 0, 0));

  kept.conclude(2, Float32Array.of(9, 8, 0, 0), bits('0100'), [local(2, 3), local(3, 4, false)]);
  expect(kept.startOf(1)).toEqual(Float32Array.of(9, 8, 1, 1));
  expect(kept.startOf(2)).toEqual(Float32Array.of(3, 8, 3, 3));
  // Client 3 fell out before it heard of round 2.
  expect(kept.startOf(3)).toEqual(Float32Array.of(4, 8, 4, 4));

  kept.conclude(3, undefined, bits('1111'), [local(1, 5)]);
  expect(kept.startOf(1)).toEqual(Float32Array.of(5, 5, 5, 5));
  expect(kept.startOf(4)).toEqual(Float32Array.of(9, 8, 0, 0));
});
