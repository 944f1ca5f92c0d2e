import type { Engine, Program, ProgramDefinition } from '../../src/engine/program.ts';
import type { MatchingProblem } from './problem.ts';

/** Compiled matching programs of one attack, one per shape of problem. */
export class ProgramShelf {
  readonly #engine: Engine;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get(
    problem: MatchingProblem,
    define: (problem: MatchingProblem) => ProgramDefinition,
  ): Promise<Program> {
    const { model, ...shape } = problem;
    const key = JSON.stringify([model.id, shape]);
    const program = this.#programs.get(key) ?? this.#engine.compile(define(problem));
    this.#programs.set(key, program);
    return program;
  }

  async dispose(): Promise<void> {
    for (const program of await Promise.allSettled(this.#programs.values()))
      if (program.status === 'fulfilled') program.value.dispose();
  }
}
