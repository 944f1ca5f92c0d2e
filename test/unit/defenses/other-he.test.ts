import fc from 'fast-check';
import { expect, test } from 'vitest';
import { difference } from '../../../defenses/batchcrypt/difference.ts';
import { fedphe } from '../../../defenses/fedphe.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { toyClient, toyLayout } from './toy-client.ts';

test('FedPHE sends ⌈20 %⌉ of its packs of 4096', async () => {
  const params = fedphe.meta.params.parse({});
  // Six packs, two are sent: the third and the short last one.
  const model = Array.from({ length: 5 * 4096 + 10 }, (_, at) =>
    at >= 5 * 4096 ? 9 : at >> 12 === 2 ? 5 : 1,
  );
  const proposal = await fedphe.mask.propose?.(toyClient(model), undefined, params);
  expect(proposal?.length).toBe(4096 + 10);
  expect([proposal?.[0], proposal?.[4095], proposal?.[4096]]).toEqual([8192, 12287, 20480]);
  expect([fedphe.rest?.(params), fedphe.mask.proposalFormat]).toEqual(['kept', { packs: 4096 }]);
});

test('BatchCrypt sends differences, which give the model back', () => {
  // Whole numbers, so that sums are exact.
  const vectors = fc.array(
    fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })),
    {
      minLength: 9,
      maxLength: 9,
    },
  );
  fc.assert(
    fc.property(vectors, (pairs) => {
      const globalModel = Float32Array.from(pairs, ([start]) => start);
      const localModel = Float32Array.from(pairs, ([, end]) => end);
      const round = { round: 1, layout: toyLayout, globalModel };
      const client = { ...round, client: 0, localModel, random: randomStream(1) };
      const { values } = difference.transform(client, undefined);
      expect(values).toEqual(Float32Array.from(pairs, ([start, end]) => end - start));
      expect(difference.asModel?.(values, round)).toEqual(localModel);
      expect(difference.conclude?.(values, round)).toEqual(localModel);
    }),
  );
});
