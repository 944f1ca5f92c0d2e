import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from '../../../defenses/random.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { type FederationRecord, runProtocol } from '../../../src/federation/protocol.ts';
import { traceOf } from '../../../src/federation/protocol-trace.ts';
import { recordedUpdates } from '../../../src/federation/trajectory.ts';
import { viewKey } from '../../../src/run/exposures.ts';
import { readView, viewStage } from '../../../src/run/stages/view.ts';
import type { Specification } from '../../../src/spec/specification.ts';
import { RunFolder } from '../../../src/store/run-folder.ts';
import type { AdversaryId } from '../../../src/view/adversaries.ts';
import { type KeyEvidenceRecord, serialiseKeyEvidence } from '../../../src/view/key-evidence.ts';
import {
  clouds,
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toySpecification,
  transparentKeyRing,
} from '../federation/toy.ts';

const path = mkdtempSync(join(tmpdir(), 'hefl-views-'));
const folder = new RunFolder(path);
const trajectory = randomTrajectory(1);
let record: FederationRecord;

beforeAll(async () => {
  record = await runProtocol({
    defense: random,
    params: random.meta.params.parse({ ratio: 0.4, globalModel: 'plain-part' }),
    updates: recordedUpdates(trajectory),
    specification: toySpecification,
    model: softmaxRegression,
    engine: await openEngine({ prefer: 'cpu' }),
    dataset: toyDataset(),
    keyRing: transparentKeyRing(),
    seed: 1,
    signal: new AbortController().signal,
    progress: () => {},
  });
  await folder.trajectory('t').complete({ 'trajectory.bin': trajectory });
  await cellWith({ opens: 'nothing', evidence: [], reason: 'No key was shown.' });
  const samples = clouds(4, randomStream(1, 'shadow'));
  await folder.targets('k').complete({
    'auxiliary.bin': {
      dataset: { id: 'clouds', inputShape: [4], classes: 3, synthetic: true },
      shadow: samples,
      membership: [{ ...victim(), candidates: samples }],
      reconstruction: [],
    },
  });
});
afterAll(() => rmSync(path, { recursive: true, force: true }));

/** A client of the last round. */
function victim() {
  const { round, transmissions } = record.view.rounds.at(
    -1,
  ) as FederationRecord['view']['rounds'][0];
  return { client: transmissions[0]?.client as number, round };
}

function cellWith(keys: KeyEvidenceRecord): Promise<void> {
  return folder.protocol('c').complete({
    'cell.json': { cell: { hash: 'c', row: 'random', seed: 1 }, targets: 'k', exposures: {} },
    'protocol.bin': traceOf(record.view, trajectory),
    'keys.bin': serialiseKeyEvidence(keys),
  });
}

async function seenBy(adversary: AdversaryId) {
  const task = {
    ...{ folder: path, plugins: [], jobs: 1, trajectory: 't', adversary },
    specification: toySpecification as unknown as Specification,
    cell: { hash: 'c', row: 'random', seed: 1, defense: { id: 'random', params: {} } },
  };
  await viewStage(task);
  return readView(task);
}

test('the server’s adversaries read what the server saw, from one file', async () => {
  for (const adversary of ['stale', 'mask-aware', 'history', 'in-the-loop'] as const) {
    expect(viewKey('c', adversary)).toBe('c');
    expect(await seenBy(adversary)).toEqual(record.view);
  }
});

test('the oracle reads the record', async () => {
  const task = { adversary: 'oracle' } as const;
  expect(await seenBy(task.adversary)).toEqual(record.oracle);
});

test('colluders read with their key, and are no victims', async () => {
  expect(viewKey('c', 'collusion:2')).not.toBe(viewKey('c', 'collusion:1'));
  const view = await seenBy('collusion:1');
  for (const { transmissions } of view.rounds)
    for (const { weights } of transmissions) expect(weights.isComplete).toBe(true);
  expect(view.finalModel).toEqual(record.oracle.finalModel);
});

test('without enough colluders or a key it is not applicable, and says why', async () => {
  for (const [adversary, words] of [
    ['collusion:6', 'Fewer than 6 clients'],
    ['key-recovery', 'No key was shown.'],
  ] as const) {
    const failure = await seenBy(adversary).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotApplicable);
    expect((failure as Error).message).toContain(words);
  }
});

test('a recovered key opens the record', async () => {
  // One coefficient modulo 7: s = 3, so that c_1 = 1, 2 give partial decryptions 3 and 6.
  const of = (c1: bigint) => ({
    c0: BigUint64Array.of(0n),
    c1: BigUint64Array.of(c1),
    shown: BigUint64Array.of((3n * c1) % 7n),
  });
  await cellWith({
    opens: 'together',
    evidence: [{ owner: 0, shows: 'partial-decryption', prime: 7n, ciphertexts: [of(1n), of(2n)] }],
  });
  const view = await seenBy('key-recovery');
  expect(view.rounds.map(({ transmissions }) => transmissions)).toEqual(
    record.oracle.rounds.map(({ transmissions }) => transmissions),
  );
});
