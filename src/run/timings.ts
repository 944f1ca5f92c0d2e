import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { stringifyJson } from '../store/json.ts';
import type { Usage } from './messages.ts';

const stored = z.record(
  z.string(),
  z.object({ count: z.number(), seconds: z.number(), peakBytes: z.number() }),
);

/**
 * Measured time and memory of tasks, by kind of task: the attack with its parameters and the model
 * make a kind. Read by the ETA, by `hefl plan` and by later runs of the same folder.
 */
export class Timings {
  readonly #kinds = new Map<string, { count: number; seconds: number; peakBytes: number }>();

  /** A file that is missing or isn't one of ours means: nothing measured yet. */
  static read(path: string): Timings {
    const timings = new Timings();
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return timings;
    }
    const { data } = stored.safeParse(content);
    for (const [kind, usage] of Object.entries(data ?? {})) timings.#kinds.set(kind, usage);
    return timings;
  }

  add(kind: string, usage: Usage): void {
    const sum = this.#kinds.get(kind) ?? { count: 0, seconds: 0, peakBytes: 0 };
    this.#kinds.set(kind, {
      count: sum.count + 1,
      seconds: sum.seconds + usage.seconds,
      peakBytes: Math.max(sum.peakBytes, usage.peakBytes),
    });
  }

  /** Keeps what `other` measured and we didn't. */
  complement(other: Timings): void {
    for (const [kind, usage] of other.#kinds)
      if (!this.#kinds.has(kind)) this.#kinds.set(kind, usage);
  }

  /** Mean seconds of one task of the kind. */
  seconds(kind: string): number | undefined {
    const sum = this.#kinds.get(kind);
    return sum && sum.seconds / sum.count;
  }

  peakBytes(kind: string): number | undefined {
    return this.#kinds.get(kind)?.peakBytes;
  }

  write(path: string): Promise<void> {
    return writeFileAtomically(path, stringifyJson(Object.fromEntries(this.#kinds)));
  }
}
