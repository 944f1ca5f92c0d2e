import type { Engine, Program, ProgramDefinition } from '../program.ts';
import '../tensors.ts';
import {
  CompiledProgram,
  type OnnxRuntime,
  openSession,
  type SessionOptions,
} from './compiled-program.ts';
import { UntraceableOperation } from './errors.ts';
import { writeLoop } from './loop.ts';
import { ProgramCache } from './program-cache.ts';
import { traceStep } from './trace.ts';

export { ImpureStep, UntraceableOperation } from './errors.ts';

export interface CompiledEngineOptions extends Partial<SessionOptions> {
  /** Opens the engine for programs that can't be traced; without one they throw. */
  readonly fallback?: () => Promise<Engine>;
  /** Told once about each operation that can't be traced. */
  readonly warn?: (message: string) => void;
}

/**
 * Opens the engine that compiles steps to ONNX models and runs them on ONNX Runtime's CPU provider.
 * Needs the optional package `onnxruntime-node`; without it the reason is returned.
 */
export async function openCompiledEngine(
  options: CompiledEngineOptions = {},
): Promise<Engine | { unavailable: string }> {
  const runtime = await loadRuntime();
  if ('unavailable' in runtime) return runtime;
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
  readonly #runtime: OnnxRuntime;
  readonly #session: SessionOptions;
  readonly #options: CompiledEngineOptions;
  readonly #cache = new ProgramCache((definition) => this.#create(definition));
  readonly #warned = new Set<string>();
  #fallback: Promise<Engine> | undefined;

  constructor(runtime: OnnxRuntime, options: CompiledEngineOptions) {
    const { intraOpNumThreads = 1, chunkMilliseconds = 200 } = options;
    this.#runtime = runtime;
    this.#options = options;
    this.#session = { intraOpNumThreads, chunkMilliseconds };
    const version = runtime.env.versions.node ?? 'of unknown version';
    const threads = intraOpNumThreads === 1 ? '1 thread' : `${intraOpNumThreads} threads`;
    this.reason = `onnxruntime-node ${version} is installed; steps are compiled and run on ${threads}`;
  }

  compile(definition: ProgramDefinition): Promise<Program> {
    return this.#cache.open(definition);
  }

  async #create(definition: ProgramDefinition): Promise<Program> {
    try {
      const model = writeLoop(traceStep(definition));
      const session = await openSession(this.#runtime, model, definition.name, this.#session);
      return new CompiledProgram(definition, this.#runtime, session, model, this.#session);
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
