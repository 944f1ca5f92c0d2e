import { expect, test } from 'vitest';
import { sideBySide } from '../../../src/engine/side-by-side.ts';

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resume) => setImmediate(resume));
};

test('works on so many at a time as are allowed at the moment, and keeps the order', async () => {
  let [active, most] = [0, 0];
  let allowed = 2;
  const results = await sideBySide(
    [5, 1, 4, 2, 3, 1, 1, 1],
    () => allowed,
    async (length, at) => {
      most = Math.max(most, ++active);
      expect(active).toBeLessThanOrEqual(allowed);
      await turns(length);
      active--;
      if (at === 2) allowed = 3;
      return 10 * at + length;
    },
  );
  expect(results).toEqual([5, 11, 24, 32, 43, 51, 61, 71]);
  expect(most).toBe(3);
});

test('after a failure nothing is begun, and what is under way ends first', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const working = sideBySide(
    [3, 1, 1, 1],
    () => 2,
    async (length, at) => {
      begun.push(at);
      await turns(length);
      if (at === 1) throw new Error('the second');
      ended.push(at);
    },
  );
  await expect(working).rejects.toThrow('the second');
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([0]);
});

test('nothing to do, and a limit below one', async () => {
  expect(
    await sideBySide(
      [],
      () => 4,
      async () => 1,
    ),
  ).toEqual([]);
  expect(
    await sideBySide(
      [1, 2],
      () => 0,
      async (item) => item,
    ),
  ).toEqual([1, 2]);
});
