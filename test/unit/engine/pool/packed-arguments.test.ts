import { expect, test } from 'vitest';
import { packArguments } from '../../../../src/engine/pool/packed-arguments.ts';
import type { NdArray } from '../../../../src/engine/program.ts';

const floats = (length: number, from = 0): NdArray => ({
  shape: [length],
  data: Float32Array.from({ length }, (_, at) => from + at),
});

test('parts of a larger array and large arrays are copied, and nothing beyond them is sent', async () => {
  const { data: flat } = floats(20_000);
  const large: NdArray = {
    shape: [2, 9_000],
    data: Int32Array.from({ length: 18_000 }, (_, at) => -at),
  };
  const args = {
    steps: 2,
    state: [{ shape: [4], data: flat.subarray(10, 14) }, floats(3, 7)],
    constants: [{ shape: [17_000], data: flat.subarray(5, 17_005) }],
    perStep: [large],
  };
  const before = structuredClone(args);
  const { args: packed, moved } = await packArguments(args);
  expect(packed).toEqual(before);
  expect(args).toEqual(before);

  const sent = [...packed.state, ...packed.constants, ...packed.perStep];
  for (const { data } of sent) expect(data.buffer.byteLength).toBe(data.byteLength);
  const own = new Set<unknown>([flat.buffer, large.data.buffer, args.state[1]?.data.buffer]);
  expect(moved).toEqual(sent.map(({ data }) => data.buffer).filter((buffer) => !own.has(buffer)));
  expect(moved).toHaveLength(3);
  structuredClone(packed, { transfer: moved });
  expect(args).toEqual(before);
});

test('the event loop gets its turn between the pieces of a large array', async () => {
  const data = new Float32Array(3_000_000).map((_, at) => at);
  let turns = 0;
  const tick = () => {
    turns++;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick);
  const constants = [{ shape: [data.length], data }];
  const packed = await packArguments({ steps: 1, state: [], constants, perStep: [] });
  clearImmediate(ticking);
  // 12 MB in pieces of 4 MiB.
  expect(turns).toBeGreaterThanOrEqual(2);
  const copy = packed.args.constants[0]?.data as Float32Array;
  // Asked here: an expectation about the arrays themselves takes seconds.
  expect(copy === data).toBe(false);
  expect(copy.every((value, at) => value === data[at])).toBe(true);
  expect(copy.length).toBe(data.length);
});
