import { CiphertextError } from '../scheme.ts';
import type { Executor } from './executor.ts';
import { type EngineSetup, openEngine } from './open-engine.ts';
import type { CipherEngine, Input, KeyMaterial, Operation, Output } from './operations.ts';

/** One engine on the calling thread, replaced after a failure. */
export class InlineExecutor implements Executor {
  readonly width = 1;
  readonly #setup: EngineSetup;
  readonly #known = new Set<number>();
  #engine: Promise<CipherEngine> | undefined;
  #previous: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(setup: EngineSetup) {
    this.#setup = setup;
  }

  submit<O extends Operation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => Input<O>,
  ): Promise<Output<O>> {
    if (this.#closed) return Promise.reject(new Error('The key ring is closed.'));
    // One after the other, so that nothing runs on an engine that its predecessor broke.
    const result = this.#previous.then(() => this.#run(operation, keys, input));
    this.#previous = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#discardEngine();
  }

  #discardEngine(): void {
    // The engine's memory goes with its last reference.
    this.#engine = undefined;
    this.#known.clear();
  }

  async #run<O extends Operation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => Input<O>,
  ): Promise<Output<O>> {
    this.#engine ??= openEngine(this.#setup);
    const engine = await this.#engine;
    try {
      for (const key of keys.filter(({ id }) => !this.#known.has(id))) {
        engine.addKey(key);
        this.#known.add(key.id);
      }
      return engine.execute(operation, input());
    } catch (error) {
      if (!(error instanceof CiphertextError)) this.#discardEngine();
      throw error;
    }
  }
}
