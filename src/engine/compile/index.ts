import { availableParallelism } from 'node:os';
import type { Engine, Program, ProgramDefinition } from '../program.ts';
import '../tensors.ts';
import { ProgramPool } from '../pool/program-pool.ts';
import { inTurns } from '../turns.ts';
import { CompiledProgram, type OpenSeat } from './compiled-program.ts';
import { unavailableDevice } from './device.ts';
import { UntraceableOperation } from './errors.ts';
import { writeLoop } from './loop.ts';
import type { LoopSource, OnnxRuntime, SessionOptions } from './loop-runner.ts';
import { ProgramCache } from './program-cache.ts';
import { inThisThread } from './this-thread.ts';
import { traceStep } from './trace.ts';
import { sizeOf } from './value.ts';

export { ImpureStep, UntraceableOperation } from './errors.ts';

export interface CompiledEngineOptions extends Partial<SessionOptions> {
  /**
   * Worker threads that run programs side by side; with 0, the default, they run in this thread,
   * which is blocked meanwhile.
   */
  readonly workers?: number;
  /** Opens the engine for programs that can't be traced; without one they throw. */
  readonly fallback?: () => Promise<Engine>;
  /** Told once about each operation that can't be traced. */
  readonly warn?: (message: string) => void;
}

/**
 * Opens the engine that compiles steps to ONNX models and runs them on ONNX Runtime. Needs the
 * optional package `onnxruntime-node`, and for CUDA its GPU files; without them the reason is returned.
 */
export async function openCompiledEngine(
  options: CompiledEngineOptions = {},
): Promise<Engine | { unavailable: string }> {
  const runtime = await loadRuntime();
  if ('unavailable' in runtime) return runtime;
  const unavailable = await unavailableDevice(runtime, options.device ?? 'cpu');
  if (unavailable) return { unavailable };
  return new CompiledEngine(runtime, options);
}

async function loadRuntime(): Promise<OnnxRuntime | { unavailable: string }> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      unavailable: `onnxruntime-node can't be loaded (${reason}); npm install onnxruntime-node --onnxruntime-node-install=skip adds it`,
    };
  }
}

class CompiledEngine implements Engine {
  readonly id = 'compiled';
  readonly reason: string;
  readonly #pool: ProgramPool | undefined;
  readonly #open: OpenSeat;
  readonly #options: CompiledEngineOptions;
  readonly #cache = new ProgramCache((definition) => this.#create(definition));
  readonly #warned = new Set<string>();
  #fallback: Promise<Engine> | undefined;

  constructor(runtime: OnnxRuntime, options: CompiledEngineOptions) {
    const { device = 'cpu', intraOpNumThreads = 1, chunkMilliseconds = 200, workers = 0 } = options;
    const session: SessionOptions = { device, intraOpNumThreads, chunkMilliseconds };
    this.#options = options;
    this.#pool = workers > 0 ? new ProgramPool(workers, session) : undefined;
    this.#open = this.#pool?.open ?? inThisThread(runtime, session);
    const version = runtime.env.versions.node ?? 'of unknown version';
    const threads = intraOpNumThreads === 1 ? '1 thread' : `${intraOpNumThreads} threads`;
    const where = device === 'cpu' ? `run on ${threads}` : `run on ${device}`;
    this.reason = `onnxruntime-node ${version} is installed; steps are compiled and ${where}${workers > 0 ? ' in worker threads' : ''}`;
  }

  get width(): number {
    return this.#pool?.width ?? 1;
  }

  get maxWidth(): number {
    return this.#pool ? Math.max(this.#pool.width, availableParallelism()) : 1;
  }

  useCores(cores: number): void {
    if (this.#pool) this.#pool.width = cores;
  }

  compile(definition: ProgramDefinition): Promise<Program> {
    return this.#cache.open(definition);
  }

  async #create(definition: ProgramDefinition): Promise<Program> {
    try {
      return new CompiledProgram(definition, await this.#open(await toSource(definition)));
    } catch (error) {
      const { fallback, warn = console.warn } = this.#options;
      if (!(error instanceof UntraceableOperation) || !fallback) throw error;
      this.#fallback ??= fallback();
      const engine = await this.#fallback;
      if (!this.#warned.has(error.operation))
        warn(`${error.message} It runs on the slower engine ${engine.id} instead.`);
      this.#warned.add(error.operation);
      return engine.compile(definition);
    }
  }
}

/** Tracing and writing take this thread some milliseconds at a time. */
async function toSource(definition: ProgramDefinition): Promise<LoopSource> {
  const trace = await inTurns(traceStep(definition));
  const { bytes, inputs } = await inTurns(writeLoop(trace));
  const sizes = definition.state.map(({ shape }) => sizeOf(shape));
  return { name: definition.name, bytes, inputs, stateSize: sizes.reduce((a, b) => a + b, 0) };
}
