import { beforeAll, describe, expect, test } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import { type Attack, type AttackOutput, NotApplicable } from '../../src/api/attack.ts';
import { splitEvenly } from '../../src/crypto/per-client-keys.ts';
import { randomStream } from '../../src/engine/random.ts';
import { findModel } from '../../src/models/registry.ts';
import type { AdversaryId } from '../../src/view/adversaries.ts';
import { openView } from '../../src/view/opened-view.ts';
import { PartialVector } from '../../src/view/partial-vector.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { ask, bytesOf, knowledge, take, trainLocally } from '../unit/attacks/setting.ts';

const model = findModel('mlp-2fc');
const size = model.layout.size;
const random = randomStream(11, 'contract');
const initialModel = model.initialize(random.derive('init'));

/** Enough for a result; an attack that is not named here runs with its defaults. */
const quick: Readonly<Record<string, Record<string, number>>> = {
  'ml-leaks': { epochs: 2, attackIterations: 20 },
  'modified-entropy': { epochs: 2 },
  lira: { epochs: 1, references: 4 },
  rmia: { epochs: 1, references: 4 },
  'white-box': { epochs: 2, attackIterations: 20 },
  dlg: { iterations: 15, restarts: 1 },
  idlg: { iterations: 15, restarts: 1 },
  'inverting-gradients': { iterations: 16, restarts: 2 },
  'learned-inversion': { epochs: 2, features: 64, hidden: 16 },
};
const paramsOf = ({ meta }: Attack<unknown>) => quick[meta.id] ?? {};

const PROBE = 1;
const aux = knowledge({
  membership: [{ client: 0, round: 2, candidates: take(100, 20) }],
  reconstruction: [{ client: PROBE, round: 2, samples: 1, localSteps: 1 }],
});

/** What really happened: w_1, and all clients' weights in both rounds. */
interface Truth {
  readonly secondModel: Float32Array;
  readonly sent: readonly (readonly Float32Array[])[];
}

let truth: Truth;
beforeAll(async () => {
  const settings = { steps: 1, learningRate: 0.1 };
  const step = (start: Float32Array, at: number, count: number) =>
    trainLocally(model, start, take(at, count), settings);
  const others = async (start: Float32Array) => [
    await step(start, 200, 10),
    await step(start, 210, 10),
  ];
  const first = [
    await step(initialModel, 100, 10),
    await step(initialModel, 301, 1),
    ...(await others(initialModel)),
  ];
  const secondModel = initialModel.map(
    (_, at) => ((first[0]?.[at] as number) + (first[1]?.[at] as number)) / 2,
  );
  const second = [
    await step(secondModel, 100, 10),
    await step(secondModel, 300, 1),
    ...(await others(secondModel)),
  ];
  truth = { secondModel, sent: [first, second] };
});

/** Two rounds of four clients, the second one a probe, as the server saw them under a mask. */
function federation(
  { secondModel, sent }: Truth,
  mask: Uint8Array,
  serverLearns: ServerView['serverLearns'],
): ServerView {
  const globalModel = (weights: Float32Array) =>
    serverLearns === 'aggregate'
      ? PartialVector.complete(weights)
      : PartialVector.plaintextPart(weights, mask);
  return {
    model: model.id,
    size,
    hyper: { learningRate: 0.1, localEpochs: 1, batchSize: 10 },
    encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
    serverLearns,
    initialModel,
    rounds: [PartialVector.complete(initialModel), globalModel(secondModel)].map((start, at) => ({
      round: at + 1,
      globalModel: start,
      mask,
      transmissions: (sent[at] ?? []).map((weights, client) => ({
        client,
        samples: client === PROBE ? 1 : 10,
        localSteps: 1,
        batchSize: 10,
        weights: PartialVector.plaintextPart(weights, mask),
        ciphertexts: { count: 1, bytes: 334_784 },
      })),
    })),
    finalModel: globalModel(secondModel),
  };
}

const nothing = () => new Uint8Array(size);
const everything = () => new Uint8Array(size).fill(1);
const third = () => {
  const stream = random.derive('mask');
  return nothing().map(() => (stream.uniform() < 1 / 3 ? 1 : 0));
};

/** Another truth that differs from the given one at encrypted coordinates only. */
function noisedWhereEncrypted(given: Truth, mask: Uint8Array): Truth {
  const stream = random.derive('noise');
  const noised = (weights: Float32Array) =>
    weights.map((weight, at) => (mask[at] === 1 ? stream.normal() : weight));
  return {
    secondModel: noised(given.secondModel),
    sent: given.sent.map((round) => round.map(noised)),
  };
}

/** The adversaries that get the server's view; the oracle's is the truth itself. */
const served: AdversaryId[] = ['stale', 'global-fill', 'mask-aware', 'history'];

/** The last client colludes; with block keys it opens the last quarter of what is encrypted. */
const COLLUDER = 3;

function colluding(given: Truth, mask: Uint8Array): ServerView {
  const masked = mask.reduce((sum, bit) => sum + bit, 0);
  const withBlocks = (view: ServerView): ServerView => ({
    ...view,
    encryption: { ...view.encryption, keySetup: 'per-client' },
    rounds: view.rounds.map((round) => ({ ...round, blocks: splitEvenly(masked, [0, 1, 2, 3]) })),
  });
  return openView(
    withBlocks(federation(given, mask, 'plain-part')),
    withBlocks(federation(given, nothing(), 'plain-part')),
    { colluders: [COLLUDER], recovered: [] },
  );
}

/** Another truth that differs in what the colluder can't open. */
function noisedWhereClosed(given: Truth, mask: Uint8Array): Truth {
  const masked = mask.reduce((sum, bit) => sum + bit, 0);
  let seen = 0;
  const closed = mask.map((bit) => (bit === 1 && ++seen <= Math.floor((3 * masked) / 4) ? 1 : 0));
  const other = noisedWhereEncrypted(given, closed);
  return {
    ...given,
    sent: given.sent.map((round, at) =>
      round.map((own, client) =>
        client === COLLUDER ? own : (other.sent[at]?.[client] as Float32Array),
      ),
    ),
  };
}

/** Asked of language models alone; their contract is text-attacks.test.ts. */
const ofText = ['perplexity', 'token-recovery', 'sequence-recovery'];

for (const attack of attacks.filter(({ meta }) => meta.kind !== 'key' && !ofText.includes(meta.id)))
  describe(attack.meta.id, () => {
    /** Asks what masks tell, so that it has no answer without one, and need not read any value. */
    const readsMasks = attack.meta.id === 'mask-leakage';
    const run = (view: ServerView, adversary: AdversaryId, seed = 1): Promise<AttackOutput> =>
      ask(attack, { model, view, aux, adversary, seed, params: paramsOf(attack) });

    test('replacing every encrypted value by noise leaves its output byte-identical', async () => {
      const mask = third();
      const other = noisedWhereEncrypted(truth, mask);
      for (const adversary of served)
        expect(bytesOf(await run(federation(other, mask, 'plain-part'), adversary))).toBe(
          bytesOf(await run(federation(truth, mask, 'plain-part'), adversary)),
        );
    });

    test('the same holds for what a colluder can’t open, and not for what it can', async () => {
      const mask = third();
      const opened = colluding(truth, mask);
      const other = colluding(noisedWhereClosed(truth, mask), mask);
      const answer = bytesOf(await run(opened, 'collusion:1'));
      expect(bytesOf(await run(other, 'collusion:1'))).toBe(answer);
      const unopened = federation(truth, mask, 'plain-part');
      if (!readsMasks) expect(bytesOf(await run(unopened, 'mask-aware'))).not.toBe(answer);
    });

    test('the same holds where the server learns the whole aggregate', async () => {
      const mask = third();
      const { sent } = noisedWhereEncrypted(truth, mask);
      const other = { ...truth, sent };
      for (const adversary of ['global-fill', 'history'] as const)
        expect(bytesOf(await run(federation(other, mask, 'aggregate'), adversary))).toBe(
          bytesOf(await run(federation(truth, mask, 'aggregate'), adversary)),
        );
    });

    test.skipIf(readsMasks)('a plaintext value does matter', async () => {
      const other = noisedWhereEncrypted(truth, everything());
      const [one, two] = [truth, other].map((t) => federation(t, nothing(), 'plain-part'));
      expect(bytesOf(await run(two as ServerView, 'oracle'))).not.toBe(
        bytesOf(await run(one as ServerView, 'oracle')),
      );
    });

    test('is deterministic under its seed', async () => {
      const view = federation(truth, third(), 'plain-part');
      expect(bytesOf(await run(view, 'mask-aware'))).toBe(bytesOf(await run(view, 'mask-aware')));
    });

    test.skipIf(readsMasks)('without encryption all adversaries get the same answer', async () => {
      const view = federation(truth, nothing(), 'plain-part');
      const oracle = bytesOf(await run(view, 'oracle'));
      for (const adversary of served) expect(bytesOf(await run(view, adversary))).toBe(oracle);
    });

    test.skipIf(readsMasks)(
      'under full encryption it answers what w_0 or the prior says',
      async () => {
        const hidden = federation(truth, everything(), 'plain-part');
        for (const adversary of served) {
          const output = await run(hidden, adversary);
          if (output.kind === 'reconstruction') {
            expect(output.targets.map(({ from }) => from)).toEqual(['prior']);
            expect(output.targets[0]?.images).toHaveLength(784);
          } else {
            const silent = Array.from({ length: 4 }, () => initialModel);
            const untouched = { secondModel: initialModel, sent: [[], silent] };
            const fresh = await run(federation(untouched, nothing(), 'plain-part'), 'oracle');
            expect(bytesOf(output)).toBe(bytesOf(fresh));
          }
        }
      },
    );

    test('answers every question asked, in order, in the shape of the contract', async () => {
      const output = await run(federation(truth, third(), 'plain-part'), 'mask-aware');
      expect(output.kind).toBe(attack.meta.kind);
      if (output.kind === 'membership') {
        const [target] = output.targets;
        expect(target).toMatchObject({ client: 0, round: 2 });
        expect(target?.scores).toHaveLength(20);
        expect(target?.scores.every(Number.isFinite)).toBe(true);
      } else if (output.kind === 'reconstruction') {
        const [target] = output.targets;
        expect(target).toMatchObject({ client: PROBE, round: 2, from: 'update' });
        expect(target?.images).toHaveLength(784);
        expect(target?.images.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
        expect(target?.labels).toHaveLength(1);
        expect(Number.isFinite(target?.cost)).toBe(true);
      }
    });

    test('without a question it is not applicable, with a reason', async () => {
      const view = federation(truth, nothing(), 'plain-part');
      const asked = { model, view, aux: knowledge({}), params: paramsOf(attack) };
      const failure = await ask(attack, asked).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NotApplicable);
      expect((failure as Error).message.length).toBeGreaterThan(20);
    });

    for (const id of ['lenet-5', 'dlg-lenet'])
      test(`on ${id} it answers or is not applicable`, async () => {
        const other = findModel(id);
        const start = other.initialize(random.derive(id));
        const weights = await trainLocally(other, start, take(300, 1), {
          steps: 1,
          learningRate: 0.1,
        });
        const exposure = {
          client: PROBE,
          round: 2,
          start,
          model: weights,
          scored: new Uint8Array(start.length).fill(1),
          knownCount: start.length,
          samples: 1,
          localSteps: 1,
          batchSize: 10,
          learningRate: 0.1,
        };
        const view = { ...federation(truth, nothing(), 'plain-part'), initialModel: start };
        const asked = { model: other, view, aux, exposure, params: paramsOf(attack) };
        const outcome = await ask(attack, asked).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(NotApplicable);
        else expect(outcome).toMatchObject({ kind: attack.meta.kind });
      });

    test('stops when it is told to, and reports progress up to 1', async () => {
      const view = federation(truth, third(), 'plain-part');
      const adversary = 'mask-aware' as const;
      const asked = { model, view, aux, adversary, params: paramsOf(attack) };
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(ask(attack, { ...asked, signal })).rejects.toThrow('stopped');

      const reported: number[] = [];
      await ask(attack, { ...asked, progress: (fraction) => reported.push(fraction) });
      expect(reported.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
      expect(reported).toEqual(reported.toSorted((a, b) => a - b));
      expect(reported.at(-1)).toBe(1);
    });

    test('has defaults for all its parameters and refuses unknown ones', () => {
      expect(attack.meta.params.safeParse({}).success).toBe(true);
      expect(attack.meta.params.safeParse({ itterations: 3 }).success).toBe(false);
    });
  });
