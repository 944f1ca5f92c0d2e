import '@tensorflow/tfjs-backend-cpu';
import { openCompiledEngine } from '../../../../src/engine/compile/index.ts';
import type { Engine } from '../../../../src/engine/program.ts';
import { tf } from '../../../../src/engine/tensors.ts';

/** The compiled engine beside tfjs's plain CPU backend; nothing where the runtime is absent. */
export async function openTestEngine(): Promise<Engine | undefined> {
  await tf.setBackend('cpu');
  const engine = await openCompiledEngine();
  if ('unavailable' in engine) {
    console.warn(`Tests of the compiled engine are skipped: ${engine.unavailable}`);
    return undefined;
  }
  return engine;
}
