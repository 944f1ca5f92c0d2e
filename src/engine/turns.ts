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
