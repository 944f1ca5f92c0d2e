import { expect, test } from 'vitest';
import { inTurn } from '../../../src/engine/turns.ts';

/** Writes down every turn of the event loop until it is told to stop. */
function countTurns(events: string[]): () => void {
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    events.push('turn');
    setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    isOver = true;
  };
}

test('pieces of work asked for at once are done in order, with a turn of the loop between', async () => {
  const events: string[] = [];
  const stop = countTurns(events);
  const results = await Promise.all(
    ['a', 'b', 'c'].map((name) => inTurn(() => events.push(name) && name)),
  );
  stop();
  expect(results).toEqual(['a', 'b', 'c']);
  expect(events.filter((event) => event !== 'turn')).toEqual(['a', 'b', 'c']);
  for (const [earlier, later] of [
    ['a', 'b'],
    ['b', 'c'],
  ] as const)
    expect(events.slice(events.indexOf(earlier), events.indexOf(later))).toContain('turn');
});

test('work that fails fails alone', async () => {
  const failing = inTurn(() => {
    throw new Error('no');
  });
  const behind = inTurn(() => 3);
  await expect(failing).rejects.toThrow('no');
  expect(await behind).toBe(3);
});
