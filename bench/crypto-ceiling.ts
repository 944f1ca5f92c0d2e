import { once } from 'node:events';
import { startWorker } from '../src/platform/worker-entry.ts';

/** What a second thread is worth on this machine when the two share no data. */
export interface Ceiling {
  /** Time of one thread for some encryptions ÷ that of two for the same number. */
  ratio(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Two cores of a virtual machine are often two threads of one core, or share its boost: then no
 * program gains what the number of cores promises, and how much it may gain changes by the second.
 */
export async function openCeiling(): Promise<Ceiling> {
  const threads = [0, 1].map(() => startWorker('./crypto-ceiling-worker', import.meta.url));
  const milliseconds = async (count: number, encryptions: number) => {
    const began = performance.now();
    await Promise.all(
      threads.slice(0, count).map((thread) => {
        thread.postMessage(encryptions / count);
        return once(thread, 'message');
      }),
    );
    return performance.now() - began;
  };
  await milliseconds(2, 20);
  return {
    ratio: async () => (await milliseconds(1, 100)) / (await milliseconds(2, 100)),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}
