import type { Tokenizer } from '../../text/tokenizer.ts';
import type { TrainingSamples } from '../dataset.ts';

/** All text of one natural client, in order. */
export interface ClientText {
  readonly name: string;
  readonly text: string;
}

/**
 * Each client's text in disjoint sequences of `context` + 1 tokens: the first `context` are a sample's
 * input, the last its label. What is left at the end of a text is dropped. Client keys are the
 * numbers of the texts.
 */
export function sequencesOf(
  texts: readonly ClientText[],
  tokenizer: Tokenizer,
  context: number,
): Required<TrainingSamples> {
  const encoded = texts.map(({ text }) => tokenizer.encode(text));
  const counts = encoded.map(({ length }) => Math.floor(length / (context + 1)));
  const count = counts.reduce((sum, each) => sum + each, 0);
  const inputs = new Float32Array(count * context);
  const labels = new Int32Array(count);
  const clientKeys = new Uint32Array(count);
  let sample = 0;
  encoded.forEach((tokens, client) => {
    for (let own = 0; own < (counts[client] as number); own++, sample++) {
      const first = own * (context + 1);
      inputs.set(tokens.subarray(first, first + context), sample * context);
      labels[sample] = tokens[first + context] as number;
      clientKeys[sample] = client;
    }
  });
  return { count, inputShape: [context], inputs, labels, clientKeys };
}
