import { beforeAll, expect, test } from 'vitest';
import { defenses } from '../../defenses/index.ts';
import type { Defense } from '../../src/api/defense.ts';
import { openEngine } from '../../src/engine/choose.ts';
import type { Engine } from '../../src/engine/program.ts';
import { cellModel } from '../../src/federation/cell-model.ts';
import { changesTraining } from '../../src/federation/changes-training.ts';
import { liveUpdates } from '../../src/federation/live-updates.ts';
import { localData } from '../../src/federation/local-data.ts';
import { runProtocol } from '../../src/federation/protocol.ts';
import { replay, traceOf } from '../../src/federation/protocol-trace.ts';
import { recordedUpdates } from '../../src/federation/trajectory.ts';
import { countCoordinates } from '../../src/view/coordinate-set.ts';
import { type Access, deduceView, openView } from '../../src/view/opened-view.ts';
import { parseView, serialiseView } from '../../src/view/serialise.ts';
import type { RoundView, Transmission } from '../../src/view/server-view.ts';
import { randomTrajectory, toySetting, transparentKeys } from '../unit/federation/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

const choices = [
  {},
  { ratio: 0.4 },
  { keys: 'per-client' },
  { keys: 'threshold' },
  { keys: 'own-key' },
];
const settings = defenses.flatMap((defense) =>
  choices.flatMap((choice): [string, Defense<unknown>, unknown][] => {
    const parsed = defense.meta.params.safeParse(choice);
    return parsed.success
      ? [[`${defense.meta.id} ${JSON.stringify(choice)}`, defense, parsed.data]]
      : [];
  }),
);

function run(defense: Defense<unknown>, params: unknown) {
  const setting = toySetting(engine);
  const model = cellModel(defense, params, setting.model, 1);
  const training = { ...setting, model, rule: defense.training?.(params) };
  const updates = changesTraining(defense, params, setting.specification.federation)
    ? liveUpdates(training)
    : recordedUpdates(randomTrajectory(1), localData({ ...setting, batchSize: 4 }));
  const keyRing = transparentKeys(defense.keys(params), defense.scheme(params));
  return runProtocol({ ...training, defense, params, updates, keyRing });
}

const encryptedIn = ({ mask }: RoundView, { mask: own = mask, sent }: Transmission) =>
  own.map((bit, at) => bit & (sent?.[at] ?? 1));

test.each(settings)(
  '%s: keys open what they should, and nothing else',
  async (_, defense, params) => {
    const { view, oracle, training } = await run(defense, params);
    expect(replay(traceOf(view, training), training).view()).toEqual(view);
    for (const { transmissions } of view.rounds) {
      const weights = transmissions.flatMap(({ weight }) => weight ?? []);
      // All or nobody: by samples there is nothing to tell.
      if (weights.length === 0) continue;
      expect(weights).toHaveLength(transmissions.length);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
    const keys = defense.keys(params);
    const open = (access: Partial<Access>) => {
      const opened = openView(view, oracle, { colluders: [], recovered: [], ...access });
      expect(parseView(serialiseView(opened))).toEqual(opened);
      return opened;
    };
    // Alone the server works out at most what one client alone encrypted.
    expect(deduceView(view, oracle)).toEqual(open({}));
    const individual = view.rounds.some((round) => round.transmissions.some(({ mask }) => mask));
    if (!individual) expect(open({})).toEqual(view);

    const colluder = view.rounds[0]?.transmissions[0]?.client as number;
    const withOne = open({ colluders: [colluder] });
    const withKey = open({ recovered: 'the key' });
    for (const [at, round] of view.rounds.entries())
      for (const [k, sent] of round.transmissions.entries()) {
        const encrypted = encryptedIn(round, sent);
        const knownTo = ({ rounds }: typeof view) =>
          rounds[at]?.transmissions[k]?.weights.known as Uint8Array;
        // Of another client: what the server had stays known, what wasn't sent stays unknown.
        for (const opened of [withOne, withKey])
          if (sent.client !== colluder)
            knownTo(opened).forEach((bit, i) => {
              const before = sent.weights.known[i] as number;
              expect(bit).toBeGreaterThanOrEqual(before);
              expect(bit).toBeLessThanOrEqual(before | (encrypted[i] as number));
            });
        const gained = countCoordinates(knownTo(withOne)) - sent.weights.values.length;
        const masked = countCoordinates(encrypted);
        const participants = round.transmissions.map(({ client }) => client);
        if (sent.client === colluder) expect(knownTo(withOne)).not.toContain(0);
        else if (keys.setup === 'shared') expect(gained).toBe(masked);
        else if (keys.setup === 'per-client' && round.blocks) {
          const share = participants.includes(colluder) ? 1 / round.blocks.length : 0;
          expect(Math.abs(gained - share * masked)).toBeLessThan(1);
        } else if (keys.setup === 'joint' || keys.setup === 'own-key') expect(gained).toBe(0);
        const needed = countCoordinates(knownTo(withKey)) - sent.weights.values.length;
        if (keys.setup !== 'none') expect(needed).toBe(masked);
      }
  },
);
