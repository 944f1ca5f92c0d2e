import { describe, expect, test } from 'vitest';
import { mainGrasp } from '../../../defenses/main-grasp.ts';
import { maser } from '../../../defenses/maser/index.ts';
import { mkhe } from '../../../defenses/mkhe.ts';
import type { Defense } from '../../../src/api/defense.ts';
import { toyClient, toyRound } from './toy-client.ts';

const none = undefined;

describe('MASER', () => {
  const params = maser.meta.params.parse({ kappa: 50 });

  test('proposes its large weights and all biases, and keeps what half of the clients keep', async () => {
    // |weights| ascending: .1 .2 .3 .4 .5 .6; κ = 50: the median is .35.
    const model = [0.1, -0.6, 0.3, 0.4, 0, 0, 0.2, -0.5, 0];
    const proposal = await maser.mask.propose?.(toyClient(model), none, params);
    expect([...(proposal ?? [])]).toEqual([1, 3, 4, 5, 7, 8]);
    const mask = maser.mask.agree?.(toyRound([[1, 3, 4], [1, 4], [2, 4], [4]]), params);
    expect([...(mask ?? [])]).toEqual([0, 1, 0, 0, 1, 0, 0, 0, 0]);
  });

  test('prunes the rest, weights all clients alike, and gives the server the aggregate', () => {
    expect(maser.rest?.(params)).toBe('zero');
    expect(maser.weighting?.(params)).toBe('uniform');
    expect(maser.serverLearns(params)).toBe('aggregate');
    expect(maser.mask.when(params)).toBe('every-round');
  });

  const joint: Defense<unknown, unknown>[] = [maser, mainGrasp, mkhe];
  test.each(joint)('$meta.id: says when its keys are insecure', (defense) => {
    const { params: schema } = defense.meta;
    const facts = (written: object) => {
      const parsed = schema.parse(written);
      return [defense.keys(parsed), defense.insecure?.(parsed)] as const;
    };
    expect(facts({})).toEqual([{ setup: 'joint', flooding: true }, undefined]);
    const [unflooded, leak] = facts({ flooding: false });
    expect(unflooded).toEqual({ setup: 'joint', flooding: false });
    expect(leak).toMatch(/no noise: the server computes every client’s secret key/);
    const [own, released] = facts({ keys: 'own-key' });
    expect(own).toEqual({ setup: 'own-key' });
    expect(released).toMatch(/server opens every update/);
  });

  test('some of its clients may lie', async () => {
    const lying = maser.meta.params.parse({ kappa: 50, bogus: 'zeros', bogusShare: 0.4 });
    const model = Array(9).fill(1);
    const proposal = (client: number) =>
      maser.mask.propose?.(toyClient(model, { client }), none, lying);
    expect((await proposal(0))?.length).toBe(9);
    expect((await proposal(2))?.length).toBe(0);
  });
});

describe('MAIN-GraSP', () => {
  test('proposes by GraSP’s scores on the initial model, once', async () => {
    const params = mainGrasp.meta.params.parse({ kappa: 50 });
    const hessianGradient = async () => Float32Array.of(1, -1, 2, 0, 9, 9, 3, -2, 9);
    const client = toyClient([1, 1, 1, 1, 1, 1, 1, 1, 1], { hessianGradient, round: 0 });
    const proposal = await mainGrasp.mask.propose?.(client, none, params);
    // θ ⊙ Hg of the weights: 1 −1 2 0 3 −2
    expect([...(proposal ?? [])]).toEqual([0, 2, 4, 5, 6, 8]);
    expect(mainGrasp.mask.when(params)).toBe('before-training');
    expect(mainGrasp.rest?.(params)).toBe('zero');
  });
});

test('MKHE encrypts everything', () => {
  const params = mkhe.meta.params.parse({});
  expect([...(mkhe.mask.agree?.(toyRound(), params) ?? [])]).toEqual(Array(9).fill(1));
  expect(mkhe.weighting?.(params)).toBe('uniform');
});
