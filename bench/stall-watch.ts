import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** The longest time between two turns of this thread's event loop, ms. */
export interface Stall {
  /** By the clock. */
  readonly clock: number;
  /** Of this thread's own processor time, where the system tells it (Linux). */
  readonly processor?: number;
}

const TICK = 2;

/** Watches the event loop while something is done. */
export async function longestStall(work: () => Promise<unknown>): Promise<Stall> {
  let longest: Stall = { clock: 0 };
  let before = now();
  const look = () => {
    const after = now();
    longest = {
      clock: Math.max(longest.clock, after.clock - before.clock),
      ...(after.processor !== undefined && {
        processor: Math.max(longest.processor ?? 0, after.processor - (before.processor ?? 0)),
      }),
    };
    before = after;
  };
  const timer = setInterval(look, TICK);
  try {
    await work();
    // What blocked the loop last is seen by the timer's next turn.
    await setTimeout(2 * TICK);
  } finally {
    clearInterval(timer);
  }
  look();
  return longest;
}

function now(): Stall {
  const processor = threadMilliseconds();
  return { clock: performance.now(), ...(processor !== undefined && { processor }) };
}

/** Processor time of the main thread, whose number is the process's. */
function threadMilliseconds(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(nanoseconds) / 1e6;
}
