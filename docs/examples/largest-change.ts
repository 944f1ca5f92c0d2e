import { defineDefense, z } from 'hefl-bench';

/** Each client proposes the weights its training changed most; the mask is all that was proposed. */
export default defineDefense({
  meta: {
    id: 'largest-change',
    version: 1,
    title: 'Largest change',
    source: 'Example of docs/new-defense.md',
    params: z.strictObject({ ratio: z.number().min(0).max(1).default(0.05) }),
  },
  keys: () => ({ setup: 'joint' }),
  scheme: () => 'ckks-threshold',
  mask: {
    when: () => 'every-round',
    async propose({ localModel, globalModel }, _memory, { ratio }) {
      const change = localModel.map((weight, at) => Math.abs(weight - (globalModel[at] ?? 0)));
      const order = Uint32Array.from(change.keys());
      order.sort((a, b) => (change[b] ?? 0) - (change[a] ?? 0));
      return order.slice(0, Math.round(ratio * order.length));
    },
    agree: ({ size, proposals }) => {
      const mask = new Uint8Array(size);
      for (const proposal of proposals) for (const at of proposal) mask[at] = 1;
      return mask;
    },
  },
  serverLearns: () => 'aggregate',
});
