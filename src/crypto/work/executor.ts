import type { Input, KeyMaterial, Operation, Output } from './operations.ts';

/** Runs cipher operations somewhere: in worker threads or here. */
export interface Executor {
  /** How many operations run at the same time. */
  readonly width: number;
  /**
   * Queues one operation.
   *
   * @param keys every key the input names
   * @param input called when the operation is about to be sent, so that a long queue holds no
   *   copies; its arrays are read, never changed or kept
   * @throws {CiphertextError} the input was refused before the library saw it.
   * @throws {EngineFailure} the library threw; the engine has been replaced.
   */
  submit<O extends Operation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => Input<O>,
  ): Promise<Output<O>>;
  close(): Promise<void>;
}
