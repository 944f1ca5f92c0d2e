import type { Program, ProgramDefinition, RunArguments, RunResult } from '../program.ts';
import { checkArguments } from '../program-checks.ts';
import type { LoopArguments, LoopSource } from './loop-runner.ts';

/** A place that holds one compiled model and runs it: this thread, or a pool of threads. */
export interface Seat {
  run(args: LoopArguments, signal: AbortSignal | undefined): Promise<RunResult>;
  release(): void;
}

/** Opens a model somewhere. */
export type OpenSeat = (source: LoopSource) => Promise<Seat>;

/** A step compiled into a loop that ONNX Runtime runs. */
export class CompiledProgram implements Program {
  readonly definition: ProgramDefinition;
  readonly #seat: Seat;
  #disposed = false;

  constructor(definition: ProgramDefinition, seat: Seat) {
    this.definition = definition;
    this.#seat = seat;
  }

  async run(args: RunArguments): Promise<RunResult> {
    if (this.#disposed) throw new Error(`The program ${this.definition.name} has been disposed.`);
    checkArguments(this.definition, args);
    const { steps, state, constants = [], perStep = [], signal } = args;
    signal?.throwIfAborted();
    return this.#seat.run({ steps, state, constants, perStep }, signal);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#seat.release();
  }
}
