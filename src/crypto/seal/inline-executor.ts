import { CiphertextError, type ParameterSetId } from '../scheme.ts';
import { SealEngine } from './engine.ts';
import type { SealExecutor } from './executor.ts';
import type { KeyMaterial, SealInput, SealOperation, SealOutput } from './operations.ts';

/** One SEAL instance on the calling thread, replaced after a failure. */
export class InlineExecutor implements SealExecutor {
  readonly width = 1;
  readonly #parameterSet: ParameterSetId;
  #engine: Promise<SealEngine> | undefined;
  #known = new Set<number>();

  constructor(parameterSet: ParameterSetId) {
    this.#parameterSet = parameterSet;
  }

  async submit<O extends SealOperation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => SealInput<O>,
  ): Promise<SealOutput<O>> {
    this.#engine ??= SealEngine.open(this.#parameterSet);
    const engine = await this.#engine;
    try {
      for (const key of keys.filter(({ id }) => !this.#known.has(id))) {
        engine.addKey(key);
        this.#known.add(key.id);
      }
      return engine.execute(operation, input());
    } catch (error) {
      if (!(error instanceof CiphertextError)) await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    // The instance's memory goes with its last reference.
    this.#engine = undefined;
    this.#known = new Set();
  }
}
