import type { Engine, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { mixtureIteration, type TextProblem, textCosts } from './matching.ts';

/** Programs of the search, one of each kind per shape of problem; compiled when they are needed. */
export class TextPrograms {
  readonly #engine: Engine;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  mixtures(problem: TextProblem): Promise<Program> {
    return this.#get('mixtures', problem, mixtureIteration);
  }

  costs(problem: TextProblem): Promise<Program> {
    return this.#get('costs', problem, textCosts);
  }

  #get(
    kind: string,
    problem: TextProblem,
    define: (problem: TextProblem) => ProgramDefinition,
  ): Promise<Program> {
    const { model, ...shape } = problem;
    const key = JSON.stringify([kind, model.id, shape]);
    const program = this.#programs.get(key) ?? this.#engine.compile(define(problem));
    this.#programs.set(key, program);
    return program;
  }

  async dispose(): Promise<void> {
    for (const program of await Promise.allSettled(this.#programs.values()))
      if (program.status === 'fulfilled') program.value.dispose();
  }
}
