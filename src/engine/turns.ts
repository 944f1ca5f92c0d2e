import { setImmediate } from 'node:timers/promises';

/** Ends when everything that asked for a turn before has had it. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Does work that blocks the event loop in a turn of its own: whatever else waits (timers, messages,
 * other such work) gets its turn before and after.
 *
 * @throws what the work throws.
 */
export function inTurn<T>(work: () => T): Promise<T> {
  const result = last.then(() => setImmediate()).then(work);
  // Whoever asked hears of a failure; those behind go on.
  last = result.catch(() => undefined);
  return result;
}

/** After this long in one turn, the next begins. */
const TURN_MILLISECONDS = 10;

/**
 * Does work that can stop wherever it yields, some milliseconds of it in a turn of the event loop.
 *
 * @throws what the work throws.
 */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = await inTurn(() => advance(work));
    if (step.done) return step.value;
  }
}

function advance<T>(work: Generator<void, T>): IteratorResult<void, T> {
  const end = performance.now() + TURN_MILLISECONDS;
  for (;;) {
    const step = work.next();
    if (step.done || performance.now() > end) return step;
  }
}
