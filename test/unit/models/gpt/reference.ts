import type { GptSize } from '../../../../src/models/gpt/layout.ts';
import type { ParameterLayout } from '../../../../src/models/layout.ts';

/**
 * −ln p of each token of a sequence but the first, in plain float64 loops from the published
 * equations: no tensor library, no code of the project.
 */
export function tokenLosses(
  size: GptSize,
  layout: ParameterLayout,
  flat: ArrayLike<number>,
  sequence: readonly number[],
  head: string,
): number[] {
  const { blocks, heads, width, vocabulary } = size;
  const w = (name: string, at: number) => flat[layout.entry(name).offset + at] as number;
  const length = sequence.length - 1;
  let x = Array.from({ length }, (_, t) =>
    Array.from(
      { length: width },
      (_, i) =>
        w('transformer.wte.weight', (sequence[t] as number) * width + i) +
        w('transformer.wpe.weight', t * width + i),
    ),
  );
  const norm = (name: string, row: number[]) => {
    const mean = row.reduce((sum, v) => sum + v, 0) / width;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
    return row.map(
      (v, i) =>
        ((v - mean) / Math.sqrt(variance + 1e-5)) * w(`${name}.weight`, i) + w(`${name}.bias`, i),
    );
  };
  const linear = (name: string, row: number[], outputs: number) =>
    Array.from({ length: outputs }, (_, o) =>
      row.reduce(
        (sum, v, i) => sum + v * w(`${name}.weight`, i * outputs + o),
        w(`${name}.bias`, o),
      ),
    );
  const gelu = (v: number) =>
    0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  const plus = (a: number[][], b: number[][]) =>
    a.map((row, t) => row.map((v, i) => v + ((b[t] as number[])[i] as number)));

  for (let block = 0; block < blocks; block++) {
    const name = `transformer.h.${block}`;
    const qkv = x.map((row) => linear(`${name}.attn.c_attn`, norm(`${name}.ln_1`, row), 3 * width));
    const part = (t: number, which: number, i: number) =>
      (qkv[t] as number[])[which * width + i] as number;
    const per = width / heads;
    const mixed = x.map((_, t) =>
      Array.from({ length: width }, (_, i) => {
        const from = Math.floor(i / per) * per;
        const scores = Array.from({ length: t + 1 }, (_, s) => {
          let dot = 0;
          for (let k = from; k < from + per; k++) dot += part(t, 0, k) * part(s, 1, k);
          return Math.exp(dot / Math.sqrt(per));
        });
        const total = scores.reduce((sum, v) => sum + v, 0);
        return scores.reduce((sum, v, s) => sum + (v / total) * part(s, 2, i), 0);
      }),
    );
    x = plus(
      x,
      mixed.map((row) => linear(`${name}.attn.c_proj`, row, width)),
    );
    x = plus(
      x,
      x.map((row) =>
        linear(
          `${name}.mlp.c_proj`,
          linear(`${name}.mlp.c_fc`, norm(`${name}.ln_2`, row), 4 * width).map(gelu),
          width,
        ),
      ),
    );
  }
  return x.map((row, t) => {
    const last = norm('transformer.ln_f', row);
    const logits = Array.from({ length: vocabulary }, (_, token) =>
      last.reduce((sum, v, i) => sum + v * w(head, token * width + i), 0),
    );
    const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
    return Math.log(total) - (logits[sequence[t + 1] as number] as number);
  });
}
