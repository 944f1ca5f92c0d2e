import { defineDefense, z } from 'hefl-bench';

/** Encrypts the first layer only, where a fully connected network repeats its input. */
export default defineDefense({
  meta: {
    id: 'first-layer',
    version: 1,
    title: 'First layer only',
    source: 'Example of docs/new-defense.md',
    params: z.strictObject({ layers: z.int().min(1).default(1).describe('layers to encrypt') }),
  },
  keys: () => ({ setup: 'shared' }),
  scheme: () => 'ckks-tenseal',
  mask: {
    when: () => 'once',
    agree({ size, layout }, { layers }) {
      const mask = new Uint8Array(size);
      for (const { layer, offset, size: length } of layout.entries)
        if (layer < layers) mask.fill(1, offset, offset + length);
      return mask;
    },
  },
  serverLearns: () => 'aggregate',
});
