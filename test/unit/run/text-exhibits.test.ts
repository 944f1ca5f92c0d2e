import { describe, expect, it } from 'vitest';
import type { RecoveredTokens } from '../../../src/api/attack.ts';
import { textExhibits } from '../../../src/run/text-exhibits.ts';
import { characterTokenizer } from '../../../src/text/characters.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';

const tokenizer = characterTokenizer(' abcdefghijklmnopqrstuvwxyz');

/** A client 7 that trained on these texts in round 2; the last character is each one's label. */
function trainedOn(...texts: readonly string[]) {
  const sequences = texts.map((text) => tokenizer.encode(text));
  const context = (sequences[0] as Int32Array).length - 1;
  const truth: GroundTruth = {
    membership: [],
    reconstruction: [
      {
        ...{ client: 7, round: 2, inputShape: [context] },
        images: Float32Array.from(sequences.flatMap((own) => [...own.subarray(0, context)])),
        labels: Int32Array.from(sequences, (own) => own.at(-1) as number),
      },
    ],
    meanImage: new Float32Array(context),
    distractors: new Float32Array(0),
  };
  const probe = { client: 7, round: 2, samples: texts.length, localSteps: 5 };
  const auxiliary = { membership: [], reconstruction: [probe] } as never;
  return (answer: Omit<RecoveredTokens, 'client' | 'round' | 'from'>) =>
    textExhibits(
      { kind: 'text', targets: [{ client: 7, round: 2, from: 'update', ...answer }] },
      { truth, auxiliary },
      tokenizer,
    );
}

const set = (text: string) => tokenizer.encode(text).sort();
const marked = (stretches: readonly { text: string; fate: string }[] | undefined) =>
  stretches?.map(({ text, fate }) => `${fate}:${text}`);

describe('what an attack recovered of a text', () => {
  it('is marked by token where the answer has no order', () => {
    const [shown, ...more] = trainedOn('a deed')({ tokens: set('dez'), guess: set(' a') });
    expect(more).toEqual([]);
    expect(shown).toMatchObject({ client: 7, round: 2, localSteps: 5, ordered: false });
    expect(marked(shown?.original)).toEqual(['wrong:a ', 'right:deed']);
    expect(marked(shown?.answer)).toEqual(['right:d', 'right:e', 'wrong:z']);
    expect(shown?.original.map(({ tokens }) => tokens)).toEqual([2, 4]);
    expect(marked(shown?.guess?.original)).toEqual(['right:a ', 'wrong:deed']);
    expect(marked(shown?.guess?.answer)).toEqual(['right: ', 'right:a']);
  });

  it('is marked by place where it has one', () => {
    const [shown] = trainedOn('good night')({
      ...{ tokens: set('god'), guess: set(' ') },
      texts: [tokenizer.encode('good thing')],
      guessedText: tokenizer.encode('zzzzzzzzzt'),
    });
    expect(shown?.ordered).toBe(true);
    expect(marked(shown?.answer)).toEqual(['right:good ', 'elsewhere:thing']);
    expect(marked(shown?.original)).toEqual(['right:good ', 'elsewhere:night']);
    expect(marked(shown?.guess?.answer)).toEqual(['wrong:zzzzzzzzz', 'right:t']);
  });

  it('pairs the texts of a batch whatever their order, each once', () => {
    const ask = trainedOn('one day', 'two men');
    const answer = { tokens: set('no'), guess: set('e') };
    const texts = ['two man', 'one dax'].map((text) => tokenizer.encode(text));
    const shown = ask({ ...answer, texts });
    expect(shown.map((one) => marked(one.answer))).toEqual([
      ['right:one da', 'wrong:x'],
      ['right:two m', 'wrong:a', 'right:n'],
    ]);
    expect(shown.some(({ guess }) => guess !== undefined)).toBe(false);
  });

  it('shows all texts of a batch at once where the answer has no order', () => {
    const [shown, ...more] = trainedOn('ab', 'cd')({ tokens: set('ad'), guess: set('e') });
    expect(more).toEqual([]);
    expect(marked(shown?.original)).toEqual(['right:a', 'wrong:bc', 'right:d']);
  });

  it('refuses texts that are not as many or as long as the client’s', () => {
    const ask = trainedOn('one day');
    const answer = { tokens: set('no'), guess: set('e') };
    const asked = (...texts: readonly string[]) =>
      ask({ ...answer, texts: texts.map((text) => tokenizer.encode(text)) });
    expect(() => asked('one')).toThrow('3 tokens for the 1 of 7 tokens of client 7');
    expect(() => asked()).toThrow(RangeError);
    expect(() => asked('one day', 'one day')).toThrow(RangeError);
  });
});
