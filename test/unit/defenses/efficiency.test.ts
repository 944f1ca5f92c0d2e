import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doubleSqueeze } from '../../../defenses/efficiency/double-squeeze.ts';
import { efficiency, efficient } from '../../../defenses/efficiency/index.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import { loraSize } from '../../../src/models/lora.ts';
import { softmaxRegression } from '../federation/toy.ts';

const layoutOf = (size: number) =>
  new ParameterLayout([{ name: 'fc.weight', shape: [size], kind: 'weight', layer: 0 }]);

/** Rounds of one client, each from a global model to a local one. */
function rounds(share: number, steps: readonly (readonly [global: number[], local: number[]])[]) {
  const layout = layoutOf(steps[0]?.[0].length ?? 0);
  const squeeze = doubleSqueeze(share);
  const memory = squeeze.remember?.(layout) as { error: Float32Array };
  return steps.map(([globalModel, localModel], at) => {
    const sent = squeeze.transform(
      {
        client: 0,
        round: at + 1,
        layout,
        globalModel: Float32Array.from(globalModel),
        localModel: Float32Array.from(localModel),
        random: randomStream(1),
      },
      memory,
    );
    return { ...sent, error: memory.error.slice() };
  });
}

describe('DoubleSqueeze', () => {
  test('sends the largest changes and adds the rest to those of the next round', () => {
    const [first, second] = rounds(0.5, [
      [
        [1, 1, 1, 1],
        [1.5, -1, 1.25, 1],
      ],
      // Held back: .25 at 2. With the changes 0, .5, .5, -1 that is .75 at 2.
      [
        [2, 2, 2, 2],
        [2, 2.5, 2.5, 1],
      ],
    ]);
    expect([...(first?.sent ?? [])]).toEqual([1, 1, 0, 0]);
    expect([...(first?.values ?? [])]).toEqual([1.5, -1, 1, 1]);
    expect([...(first?.error ?? [])]).toEqual([0, 0, 0.25, 0]);
    expect([...(second?.sent ?? [])]).toEqual([0, 0, 1, 1]);
    expect([...(second?.values ?? [])]).toEqual([2, 2, 2.75, 1]);
    expect([...(second?.error ?? [])]).toEqual([0, 0.5, 0, 0]);
  });

  test('loses nothing: what was sent and what is held back add up to all changes', () => {
    const vector = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(vector, vector), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(0.2, 0.5, 0.9),
        (steps, share) => {
          const results = rounds(share, steps);
          for (let at = 0; at < 6; at++) {
            let sum = 0;
            results.forEach(({ values }, round) => {
              const [global, local] = steps[round] as [number[], number[]];
              sum += (local[at] as number) - (global[at] as number);
              sum -= (values[at] as number) - (global[at] as number);
            });
            // Whole numbers: exact in float32.
            expect(results.at(-1)?.error[at]).toBe(sum);
          }
          for (const { sent, values } of results)
            expect(sent?.filter((bit) => bit === 1).length).toBe(Math.round(share * values.length));
        },
      ),
    );
  });

  test('gives clients memories of their own', () => {
    const squeeze = doubleSqueeze(0.5);
    const [a, b] = [squeeze.remember?.(layoutOf(2)), squeeze.remember?.(layoutOf(2))];
    expect(a).not.toBe(b);
  });
});

describe('the parameter efficiency', () => {
  test('is none, top-k compression or adapters', () => {
    expect(efficiency.parse(undefined)).toBe('none');
    expect(efficient.transform({ efficiency: 'none' })).toBeUndefined();
    expect(efficient.model({ efficiency: 'none' })).toBeUndefined();

    const squeeze = efficiency.parse({ kind: 'doublesqueeze' });
    expect(squeeze).toEqual({ kind: 'doublesqueeze', share: 0.3 });
    expect(efficient.transform({ efficiency: squeeze })).toBeDefined();
    expect(efficient.model({ efficiency: squeeze })).toBeUndefined();

    const adapters = efficiency.parse({ kind: 'lora', rank: 2 });
    expect(efficient.transform({ efficiency: adapters })).toBeUndefined();
    const model = efficient.model({ efficiency: adapters })?.(softmaxRegression, randomStream(1));
    expect(model?.layout.size).toBe(loraSize(softmaxRegression.layout, 2));
  });

  test('refuses what is neither', () => {
    for (const wrong of [
      'lora',
      { kind: 'lora', rank: 0 },
      { kind: 'doublesqueeze', share: 0 },
      { kind: 'doublesqueeze', share: 1.1 },
      { kind: 'lora', share: 0.5 },
    ])
      expect(efficiency.safeParse(wrong).success).toBe(false);
  });
});
