import type { KeyMaterial, SealInput, SealOperation, SealOutput } from './operations.ts';

/** Runs SEAL operations somewhere: in worker threads or here. */
export interface SealExecutor {
  /** How many operations run at the same time. */
  readonly width: number;
  /**
   * Queues one operation.
   *
   * @param keys every key the input names
   * @param input called when the operation is about to be sent, so that a long queue holds no
   *   copies; its buffers change owner
   * @throws {CiphertextError} the input was refused before SEAL saw it.
   * @throws {SealFailure} SEAL threw; the instance has been replaced.
   */
  submit<O extends SealOperation>(
    operation: O,
    keys: readonly KeyMaterial[],
    input: () => SealInput<O>,
  ): Promise<SealOutput<O>>;
  close(): Promise<void>;
}
