import type { Program, ProgramDefinition, RunArguments, RunResult } from '../program.ts';

interface Entry {
  readonly program: Promise<Program>;
  users: number;
}

/**
 * Programs by the identity of their definition, which fixes their shapes. A program is freed when
 * everyone who opened it has disposed of it.
 */
export class ProgramCache {
  readonly #create: (definition: ProgramDefinition) => Promise<Program>;
  readonly #entries = new WeakMap<ProgramDefinition, Entry>();

  constructor(create: (definition: ProgramDefinition) => Promise<Program>) {
    this.#create = create;
  }

  async open(definition: ProgramDefinition): Promise<Program> {
    const entry = this.#entries.get(definition) ?? { program: this.#create(definition), users: 0 };
    this.#entries.set(definition, entry);
    entry.users++;
    const forget = () => {
      if (this.#entries.get(definition) === entry) this.#entries.delete(definition);
    };
    try {
      const program = await entry.program;
      return new SharedProgram(program, () => {
        if (--entry.users > 0) return;
        forget();
        program.dispose();
      });
    } catch (error) {
      // A failure is not kept: whoever asks again gets its own error, or a program.
      forget();
      throw error;
    }
  }
}

/** One user's handle on a cached program. */
class SharedProgram implements Program {
  readonly definition: ProgramDefinition;
  readonly #program: Program;
  readonly #release: () => void;
  #disposed = false;

  constructor(program: Program, release: () => void) {
    this.definition = program.definition;
    this.#program = program;
    this.#release = release;
  }

  async run(args: RunArguments): Promise<RunResult> {
    if (this.#disposed) throw new Error(`The program ${this.definition.name} has been disposed.`);
    return this.#program.run(args);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#release();
  }
}
