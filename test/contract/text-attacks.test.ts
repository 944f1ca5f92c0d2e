import { beforeAll, describe, expect, test } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import { type AttackOutput, NotApplicable } from '../../src/api/attack.ts';
import { randomStream } from '../../src/engine/random.ts';
import { findModel } from '../../src/models/registry.ts';
import type { AdversaryId } from '../../src/view/adversaries.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { ask, bytesOf, knowledge, oneRound, take } from '../unit/attacks/setting.ts';
import { smallGpt, takeSequences, textKnowledge, trainOnText } from '../unit/attacks/text.ts';

const ofText = attacks.filter(({ meta }) =>
  ['perplexity', 'token-recovery', 'sequence-recovery'].includes(meta.id),
);
const model = smallGpt('tied');
const start = model.initialize(randomStream(1));
const random = randomStream(2, 'contract');
const size = start.length;

const VICTIM = 0;
const PROBE = 1;
const questions = {
  membership: [{ client: VICTIM, round: 1, candidates: takeSequences(0, 20) }],
  reconstruction: [{ client: PROBE, round: 1, samples: 1, localSteps: 1 }],
};
const aux = textKnowledge(questions);

let sent: readonly Float32Array[];
beforeAll(async () => {
  const settings = { epochs: 1, learningRate: 0.1, batchSize: 10 };
  sent = [
    await trainOnText(model, start, takeSequences(0, 10), settings),
    await trainOnText(model, start, takeSequences(30, 1), settings),
  ];
});

const viewOf = (weights: readonly Float32Array[], mask: Uint8Array): ServerView =>
  oneRound(
    model,
    start,
    weights.map((own) => ({ weights: own, samples: 10, localSteps: 1 })),
    mask,
    0.1,
  );
const nothing = () => new Uint8Array(size);
const everything = () => new Uint8Array(size).fill(1);
const third = () => {
  const stream = random.derive('mask');
  return nothing().map(() => (stream.uniform() < 1 / 3 ? 1 : 0));
};
const noised = (mask: Uint8Array) => {
  const stream = random.derive('noise');
  return sent.map((own) => own.map((weight, at) => (mask[at] === 1 ? stream.normal() : weight)));
};
const served: AdversaryId[] = ['stale', 'zero', 'random', 'global-fill', 'mask-aware', 'history'];

for (const attack of ofText)
  describe(attack.meta.id, () => {
    /** Enough for an answer. */
    const paramsWith = (iterations: number) =>
      attack.meta.id === 'sequence-recovery' ? { iterations, proposals: 4, restarts: 2 } : {};
    const params = paramsWith(0);
    const run = (view: ServerView, adversary: AdversaryId): Promise<AttackOutput> =>
      ask(attack, { model, view, aux, adversary, params });

    test('replacing every encrypted value by noise leaves its output byte-identical', async () => {
      const mask = third();
      for (const adversary of served)
        expect(bytesOf(await run(viewOf(noised(mask), mask), adversary))).toBe(
          bytesOf(await run(viewOf(sent, mask), adversary)),
        );
    });

    test('a plaintext value does matter, and nothing but the seed does besides', async () => {
      const view = viewOf(sent, nothing());
      const answer = bytesOf(await run(view, 'oracle'));
      expect(bytesOf(await run(viewOf(noised(everything()), nothing()), 'oracle'))).not.toBe(
        answer,
      );
      expect(bytesOf(await run(view, 'oracle'))).toBe(answer);
      for (const adversary of served) expect(bytesOf(await run(view, adversary))).toBe(answer);
    });

    test('answers every question asked', async () => {
      const view = viewOf(sent, third());
      const searched = {
        model,
        view,
        aux,
        adversary: 'mask-aware',
        params: paramsWith(4),
      } as const;
      const output = await ask(attack, searched);
      expect(output.kind).toBe(attack.meta.kind);
      expect(bytesOf(await ask(attack, searched))).toBe(bytesOf(output));
      const client = output.kind === 'membership' ? VICTIM : PROBE;
      expect(output.targets).toHaveLength(1);
      expect(output.targets[0]).toMatchObject({ client, round: 1 });
    });

    test('stops when it is told to, and reports progress up to 1', async () => {
      const asked = { model, view: viewOf(sent, nothing()), aux, params };
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(ask(attack, { ...asked, signal })).rejects.toThrow('stopped');
      const reported: number[] = [];
      await ask(attack, { ...asked, progress: (fraction) => reported.push(fraction) });
      expect(reported.at(-1)).toBe(1);
    });

    test('is not applicable without a question, or to a classifier of images', async () => {
      const view = viewOf(sent, nothing());
      await expect(ask(attack, { model, view, aux: textKnowledge({}) })).rejects.toThrow(
        NotApplicable,
      );
      const other = findModel('mlp-2fc');
      const weights = other.initialize(randomStream(1));
      const client = { weights, samples: 1, localSteps: 1 };
      const images = {
        membership: [{ client: 0, round: 1, candidates: take(0, 4) }],
        reconstruction: [{ client: 0, round: 1, samples: 1, localSteps: 1 }],
      };
      const asked = {
        ...{ model: other, aux: knowledge(images) },
        view: oneRound(other, weights, [client], new Uint8Array(weights.length), 0.1),
      };
      await expect(ask(attack, asked)).rejects.toThrow(NotApplicable);
    });

    test('has defaults for all its parameters and refuses unknown ones', () => {
      expect(attack.meta.params.safeParse({}).success).toBe(true);
      expect(attack.meta.params.safeParse({ itterations: 3 }).success).toBe(false);
    });
  });

const others = attacks.filter(({ meta }) => meta.kind === 'reconstruction');
test.each(others.map((attack) => [attack.meta.id, attack] as const))(
  '%s, which moves inputs in small steps, is not applicable to tokens',
  async (_, attack) => {
    const asked = ask(attack, { model, view: viewOf(sent, nothing()), aux });
    await expect(asked).rejects.toThrow(/token numbers/);
  },
);

const members = attacks.filter(
  ({ meta }) => meta.kind === 'membership' && !ofText.some((own) => own.meta.id === meta.id),
);
/** Enough for an answer. */
const quick: Readonly<Record<string, Record<string, number>>> = {
  'ml-leaks': { epochs: 1, attackIterations: 5 },
  'modified-entropy': { epochs: 1 },
  lira: { epochs: 1, references: 4 },
  rmia: { epochs: 1, references: 4 },
  'white-box': { epochs: 1, attackIterations: 5 },
};
test.each(members.map((attack) => [attack.meta.id, attack] as const))(
  '%s answers about sequences, or says why not',
  async (id, attack) => {
    const asked = { model, view: viewOf(sent, nothing()), aux, params: quick[id] ?? {} };
    const outcome = await ask(attack, asked).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(NotApplicable);
    else expect(outcome).toMatchObject({ kind: 'membership' });
  },
);
