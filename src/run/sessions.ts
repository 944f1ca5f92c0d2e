import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { stringifyJson } from '../store/json.ts';

const stored = z.array(z.object({ startedAt: z.iso.datetime(), seconds: z.number() }));
type Session = z.infer<typeof stored>[number];

/** When a run was worked on: it may be interrupted and resumed, and its time is the sum. */
export class Sessions {
  readonly #path: string;
  readonly #earlier: readonly Session[];
  readonly #startedAt = new Date().toISOString();
  readonly #start = performance.now();

  constructor(path: string) {
    this.#path = path;
    this.#earlier = readSessions(path);
  }

  get createdAt(): string {
    return this.#earlier[0]?.startedAt ?? this.#startedAt;
  }

  /** All sessions so far, this one included. */
  get wallSeconds(): number {
    return this.#all().reduce((sum, { seconds }) => sum + seconds, 0);
  }

  write(): Promise<void> {
    return writeFileAtomically(this.#path, stringifyJson(this.#all()));
  }

  #all(): Session[] {
    const seconds = (performance.now() - this.#start) / 1000;
    return [...this.#earlier, { startedAt: this.#startedAt, seconds }];
  }
}

/** No file yet, or none of ours: this is the first session. */
function readSessions(path: string): readonly Session[] {
  try {
    return stored.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? [];
  } catch {
    return [];
  }
}
