import { describe, expect, test } from 'vitest';
import { greedyOracle } from '../../../defenses/greedy-oracle.ts';
import { individualMasking } from '../../../defenses/individual-masking.ts';
import { layer } from '../../../defenses/layer.ts';
import { ExposedWeights } from '../../../defenses/maskcrypt/exposed-weights.ts';
import { maskcrypt } from '../../../defenses/maskcrypt/index.ts';
import { weightMagnitude } from '../../../defenses/weight-magnitude.ts';
import { toyClient, toyLayout, toyRound } from './toy-client.ts';

const f = (...values: number[]) => Float32Array.from(values);

test('the layer mask is made of whole layers', () => {
  const agree = (layers: string) => [
    ...(layer.mask.agree?.(toyRound(), layer.meta.params.parse({ layers })) ?? []),
  ];
  expect(agree('first')).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0]);
  expect(agree('last')).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
});

test('the weight magnitude mask is agreed from each client’s largest weights', async () => {
  const params = weightMagnitude.meta.params.parse({ ratio: 1 / 3 });
  const proposals = await Promise.all(
    [
      [0.1, -5, 0, 2, 0, 0, 3, 0, 0],
      [0, 0, 9, 1, 0, 0, 0, -4, 0],
    ].map((model) => weightMagnitude.mask.propose?.(toyClient(model), undefined, params)),
  );
  expect(proposals.map((one) => [...(one ?? [])])).toEqual([
    [1, 6, 3],
    [2, 7, 3],
  ]);
  const mask = weightMagnitude.mask.agree?.(
    toyRound([
      [1, 6, 3],
      [2, 7, 3],
    ]),
    params,
  );
  // 1 2 6 | 7 3
  expect([...(mask ?? [])]).toEqual([0, 1, 1, 0, 0, 0, 1, 0, 0]);
});

describe('individual masking', () => {
  test('exposes a client’s weights off its own mask, whatever the others encrypt', async () => {
    const params = individualMasking.meta.params.parse({ ratio: 1 / 9 });
    const memory = individualMasking.mask.remember?.(new Float32Array(9));
    if (!memory) throw new TypeError('it has a memory');
    const gradient = async () => f(1, 1, 1, 1, 1, 1, 1, 1, 1);
    // v = g ⊙ (w̃_exp − w) = 3 at 2
    const client = toyClient([1, 1, -3, 1, 1, 1, 1, 1, 1], { gradient });
    const proposal = await individualMasking.mask.propose?.(client, memory, params);
    expect([...(proposal ?? [])]).toEqual([2]);
    const union = Uint8Array.of(1, 0, 1, 0, 0, 0, 0, 0, 0);
    individualMasking.mask.conclude?.(client, union, memory, params);
    expect(memory.exposed.values).toEqual(f(1, 1, 0, 1, 1, 1, 1, 1, 1));
    expect(individualMasking.mask.individual?.(params)).toBe(true);
  });
});

describe('the greedy oracle', () => {
  const propose = (params: object, model: readonly number[], loss: (w: Float32Array) => number) =>
    greedyOracle.mask.propose?.(
      toyClient(model, { loss: async (weights) => loss(weights) }),
      new ExposedWeights(new Float32Array(9)),
      greedyOracle.meta.params.parse(params),
    );

  test('beats MaskCrypt’s first-order choice where the loss is curved', async () => {
    // An attacker has 0 for every weight. To first order taking the second weight back from 2 to 0
    // gains 8, the first one's 1 to 0 gains 3; but the loss bends, and the former loses 4.
    const model = [1, 2, -1, 0, 0, 0, 0, 0, 0];
    const loss = ([a = 0, b = 0, c = 0]: Float32Array) =>
      -3 * a - 4 * (b - 2) - 3 * (b - 2) ** 2 - c;
    const slope = f(-3, -4, -1, 0, 0, 0, 0, 0, 0);
    const exposedLoss = (mask: Uint32Array | undefined) =>
      loss(f(...model.map((weight, at) => (mask?.includes(at) ? 0 : weight))));
    const first = await maskcrypt.mask.propose?.(
      toyClient(model, { gradient: async () => slope }),
      new ExposedWeights(new Float32Array(9)),
      maskcrypt.meta.params.parse({ ratio: 1 / 9 }),
    );
    const greedy = await propose({ ratio: 1 / 9 }, model, loss);
    expect([[...(first ?? [])], [...(greedy ?? [])]]).toEqual([[1], [0]]);
    expect(exposedLoss(greedy)).toBeGreaterThan(exposedLoss(first));
    // Every single coordinate tried: nothing is better.
    for (let at = 0; at < 9; at++)
      expect(exposedLoss(greedy)).toBeGreaterThanOrEqual(exposedLoss(Uint32Array.of(at)));
  });

  test('refuses models it would search for hours, with the remedy', async () => {
    const layout = { ...toyLayout, size: 61_706 } as typeof toyLayout;
    const client = toyClient(Array(9).fill(0), { layout });
    const params = greedyOracle.meta.params.parse({ ratio: 0.05 });
    await expect(
      greedyOracle.mask.propose?.(client, new ExposedWeights(new Float32Array(9)), params),
    ).rejects.toThrow(
      /would evaluate the loss 185,[0-9,]+ times .* its limit is 200,000. Use a smaller model/,
    );
  });
});

describe('MaskCrypt', () => {
  const parse = (params: object) => maskcrypt.meta.params.safeParse(params);

  test('has shared or per-client keys, and says what does not go together', () => {
    expect(maskcrypt.keys(maskcrypt.meta.params.parse({ keys: 'per-client' }))).toEqual({
      setup: 'per-client',
    });
    expect(parse({ keys: 'shared', globalModel: 'plain-part' }).success).toBe(true);
    const refused = parse({ keys: 'per-client', globalModel: 'plain-part' });
    expect(refused.error?.issues[0]).toMatchObject({
      path: ['globalModel'],
      message: expect.stringContaining('returns its decrypted block'),
    });
  });
});
