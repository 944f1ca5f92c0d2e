import { beforeAll, describe, expect, test } from 'vitest';
import { defenses } from '../../../defenses/index.ts';
import { openPlainRing } from '../../../src/crypto/plain.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { liveUpdates } from '../../../src/federation/live-updates.ts';
import { type FederationRecord, runProtocol } from '../../../src/federation/protocol.ts';
import { replay, traceOf } from '../../../src/federation/protocol-trace.ts';
import { recordedUpdates } from '../../../src/federation/trajectory.ts';
import { parseTrajectory } from '../../../src/federation/trajectory-format.ts';
import type { UpdateSource } from '../../../src/federation/updates.ts';
import {
  type ArtifactTree,
  decodeArtifact,
  encodeArtifact,
  type StoredArray,
} from '../../../src/store/artifact.ts';
import { ViewFormatError } from '../../../src/view/stored-fields.ts';
import {
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toyPartition,
  toySpecification,
  transparentKeyRing,
} from './toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

const signal = new AbortController().signal;

function record(
  id: string,
  params: object,
  updates: UpdateSource = recordedUpdates(randomTrajectory(3)),
): Promise<FederationRecord> {
  const defense = defenses.find(({ meta }) => meta.id === id);
  if (!defense) throw new RangeError(`no defense ${id}`);
  return runProtocol({
    defense,
    params: defense.meta.params.parse(params),
    updates,
    specification: toySpecification,
    model: softmaxRegression,
    engine,
    dataset: toyDataset(),
    keyRing: id === 'none' ? openPlainRing() : transparentKeyRing(),
    seed: 1,
    signal,
    progress: () => {},
  });
}

function stored(tree: unknown): ArtifactTree {
  return decodeArtifact(encodeArtifact(tree as ArtifactTree), 'a file');
}

describe('the trace of a protocol', () => {
  const rows: [string, object][] = [
    ['none', {}],
    ['full', {}],
    ['full', { globalModel: 'plain-part' }],
    ['random', { ratio: 0.4 }],
    ['maskcrypt', { ratio: 0.4 }],
    ['maskcrypt', { ratio: 0.4, globalModel: 'plain-part' }],
  ];

  test.each(rows)('of %s %j gives both views again, bit by bit', async (id, params) => {
    const { view, oracle, training } = await record(id, params);
    const again = replay(stored(traceOf(view, training)), parseTrajectory(stored(training)));
    expect(again.view()).toEqual(view);
    expect(again.oracle()).toEqual(oracle);
  });

  test('of a shared training is replayed on the recording, gradients and all', async () => {
    const { view, oracle, training } = await record('maskcrypt', { ratio: 0.4 });
    const again = replay(traceOf(view, training), randomTrajectory(3));
    expect([again.view(), again.oracle()]).toEqual([view, oracle]);
  });

  test('of a training of its own is replayed on what the protocol recorded', async () => {
    const updates = liveUpdates({
      specification: toySpecification,
      dataset: toyDataset(),
      partition: toyPartition(),
      probes: [{ client: 6, round: 2, localSteps: 5, samples: Uint32Array.of(75) }],
      model: softmaxRegression,
      engine,
      seed: 1,
      signal,
    });
    const { view, oracle, training } = await record('random', { ratio: 0.3 }, updates);
    expect(training.rounds[1]?.clients.at(-1)?.client).toBe(6);
    const again = replay(stored(traceOf(view, training)), parseTrajectory(stored(training)));
    expect([again.view(), again.oracle()]).toEqual([view, oracle]);
  });

  test('holds no weight', async () => {
    const { view, training } = await record('maskcrypt', { ratio: 0.4 });
    const arrays: StoredArray[] = [];
    const collect = (tree: unknown): void => {
      if (ArrayBuffer.isView(tree)) arrays.push(tree as StoredArray);
      else if (typeof tree === 'object' && tree !== null) Object.values(tree).forEach(collect);
    };
    collect(traceOf(view, training));
    expect(arrays.length).toBeGreaterThan(0);
    for (const array of arrays) expect(array).not.toBeInstanceOf(Float32Array);
  });

  const damages: [string, (trace: Damaged) => void, RegExp][] = [
    ['another format', (trace) => set(trace, 'format', 'hefl-view/1'), /^format: /],
    ['a missing field', (trace) => delete trace.hyper, /^hyper: /],
    ['a field too many', (trace) => set(trace, 'secretKey', 1), /secretKey/],
    ['another model', (trace) => set(trace, 'model', 'lenet-5'), /^model: lenet-5, where/],
    ['another size', (trace) => set(trace, 'size', 9), /^size: 9, where the training has 15/],
    ['another training', (trace) => set(trace, 'training', 'ab'), /^training: ab, where/],
    ['a round too few', (trace) => trace.rounds.pop(), /^rounds.length: 2, where/],
    [
      'a short bitmap',
      (trace) => set(trace.rounds[1], 'mask', new Uint8Array(0)),
      /^rounds\[1\]\.mask: a bitmap of 0 bytes/,
    ],
    [
      'a client too few',
      (trace) => trace.rounds[0].transmissions.pop(),
      /^rounds\[0\]\.transmissions\.length: 2, where/,
    ],
    [
      'another client',
      (trace) => set(trace.rounds[0].transmissions[0], 'client', 77),
      /^rounds\[0\]\.transmissions\[0\]\.client: 77, which took no part/,
    ],
    [
      'a proposal outside',
      (trace) => set(trace.rounds[0].transmissions[1], 'proposal', Uint32Array.of(4000)),
      /^rounds\[0\]\.transmissions\[1\]\.proposal\[0\]: coordinate 4000 of 15/,
    ],
  ];

  test.each(damages)('with %s is refused by name', async (_, damage, message) => {
    const { view, training } = await record('maskcrypt', { ratio: 0.4 });
    const trace: Damaged = structuredClone(traceOf(view, training));
    damage(trace);
    expect(() => replay(trace, training)).toThrow(ViewFormatError);
    expect(() => replay(trace, training)).toThrow(message);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a stored tree that is damaged on purpose has no type.
type Damaged = any;

function set(tree: Damaged, key: string, value: unknown): void {
  tree[key] = value;
}
