import { describe, expect, test } from 'vitest';
import type { BogusParams } from '../../../../defenses/selection/bogus-masks.ts';
import { isMalicious, withBogusClients } from '../../../../defenses/selection/bogus-masks.ts';
import { majorityVote } from '../../../../defenses/selection/majority-vote.ts';
import type { MaskPolicy, ProposingClient } from '../../../../src/api/defense.ts';
import { randomStream } from '../../../../src/engine/random.ts';
import { layoutOf } from '../../../../src/models/layers.ts';

const layout = layoutOf({ fc: [10, 1] });
const size = 11;
const honest = Uint32Array.of(3, 1, 4);

const policy: MaskPolicy<BogusParams, undefined> = {
  when: () => 'every-round',
  propose: async () => honest,
  agree: ({ proposals }) => majorityVote(proposals, size),
};

function client(id: number, { seed = 1, round = 1, globalModel = new Float32Array(size) } = {}) {
  return {
    client: id,
    round,
    layout,
    globalModel,
    random: randomStream(seed, 'proposal', round, id),
  } as ProposingClient;
}

const bogusPolicy = withBogusClients(policy, () => honest.length);
const propose = (who: ProposingClient, bogus: BogusParams['bogus'], bogusShare = 0.4) =>
  bogusPolicy.propose?.(who, undefined, { bogus, bogusShare });

describe('malicious clients', () => {
  test('are the announced share of any number of clients, rounded down', () => {
    for (const share of [0, 0.2, 0.4, 0.5, 1])
      for (let clients = 1; clients <= 40; clients++) {
        const malicious = [...Array(clients).keys()].filter((id) => isMalicious(id, share));
        expect(malicious.length).toBe(Math.floor(Math.round(share * 10 * clients) / 10));
      }
    expect([...Array(5).keys()].filter((id) => isMalicious(id, 0.4))).toEqual([2, 4]);
  });

  test('propose what their kind says; honest ones what they would', async () => {
    expect(await propose(client(4), 'none')).toEqual(honest);
    expect(await propose(client(0), 'ones')).toEqual(honest);
    expect(await propose(client(4), 'ones')).toEqual(Uint32Array.from(Array(size).keys()));
    expect(await propose(client(4), 'zeros')).toEqual(new Uint32Array());
    expect(await propose(client(4), 'inverted')).toEqual(Uint32Array.of(0, 2, 5, 6, 7, 8, 9, 10));
  });

  test('draw random masks of honest size: own ones, or one for all colluders of a round', async () => {
    const [a, b] = [await propose(client(2), 'random'), await propose(client(4), 'random')];
    expect(new Set(a).size).toBe(3);
    expect(a).not.toEqual(b);
    expect(await propose(client(2), 'random')).toEqual(a);
    expect(await propose(client(2, { seed: 2 }), 'random')).not.toEqual(a);

    const colluding = await propose(client(2), 'colluding');
    expect(new Set(colluding).size).toBe(3);
    expect(await propose(client(4), 'colluding')).toEqual(colluding);
    const later = client(4, { globalModel: new Float32Array(size).fill(0.5) });
    expect(await propose(later, 'colluding')).not.toEqual(colluding);
  });

  test('change nothing of a policy in which nobody proposes', () => {
    const silent: MaskPolicy<BogusParams, undefined> = {
      when: () => 'once',
      agree: policy.agree as never,
    };
    expect(withBogusClients(silent, () => 0)).toBe(silent);
  });

  test('leave a majority of 60 % its mask, whatever 40 % propose', async () => {
    for (const bogus of ['random', 'inverted', 'ones', 'zeros', 'colluding'] as const) {
      const proposals = await Promise.all(
        [0, 1, 2, 3, 4].map((id) => propose(client(id), bogus) as Promise<Uint32Array>),
      );
      const mask = majorityVote(proposals, size);
      expect([...mask.keys()].filter((at) => mask[at] === 1)).toEqual([1, 3, 4]);
    }
  });
});
