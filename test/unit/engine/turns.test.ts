import { expect, test, vi } from 'vitest';
import { inTurn, inTurns } from '../../../src/engine/turns.ts';

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

test('work that can stop is done a turn at a time, as long as a turn may last', async () => {
  const events: string[] = [];
  const stop = countTurns(events);
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  function* work() {
    for (const part of ['a', 'b', 'c', 'd']) {
      events.push(part);
      // So that two parts fit into a turn.
      now += 6;
      yield;
    }
    return 'done';
  }
  expect(await inTurns(work())).toBe('done');
  clock.mockRestore();
  stop();
  expect(events.filter((event) => event !== 'turn')).toEqual(['a', 'b', 'c', 'd']);
  expect(events.indexOf('b')).toBe(events.indexOf('a') + 1);
  expect(events.slice(events.indexOf('b'), events.indexOf('c'))).toContain('turn');
  expect(events.indexOf('d')).toBe(events.indexOf('c') + 1);
});

test('work that fails half way fails', async () => {
  function* work() {
    yield;
    throw new Error('half way');
  }
  await expect(inTurns(work())).rejects.toThrow('half way');
});
