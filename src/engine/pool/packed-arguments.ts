import type { LoopArguments } from '../compile/loop-runner.ts';
import type { NdArray } from '../program.ts';
import { inTurn } from '../turns.ts';

/** Arguments to send to another thread, with what of them is moved there instead of copied. */
export interface PackedArguments {
  readonly args: LoopArguments;
  readonly moved: ArrayBuffer[];
}

/** Bytes copied in one turn of the event loop: some milliseconds. */
const PIECE = 2 ** 22;
/** Below, sending an array copies it as fast as we could. */
const LARGE = 2 ** 16;

/**
 * Copies arguments, a piece per turn of the event loop. Sending them as they are copies them several
 * times over in one go (.2 s for 14 million numbers, measured), and with a part of an array all of it.
 */
export async function packArguments(args: LoopArguments): Promise<PackedArguments> {
  const moved: ArrayBuffer[] = [];
  const packed = async (arrays: readonly NdArray[]) => {
    const result: NdArray[] = [];
    for (const { shape, data } of arrays) {
      if (data.byteLength < LARGE && data.byteLength === data.buffer.byteLength) {
        result.push({ shape, data });
        continue;
      }
      const copy = await copied(data);
      moved.push(copy.buffer);
      result.push({ shape, data: copy });
    }
    return result;
  };
  const { steps, state, constants, perStep } = args;
  return {
    args: {
      steps,
      state: await packed(state),
      constants: await packed(constants),
      perStep: await packed(perStep),
    },
    moved,
  };
}

async function copied(data: NdArray['data']) {
  const { length, BYTES_PER_ELEMENT } = data;
  if (data.byteLength < LARGE) return data.slice();
  const copy = data instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
  const step = PIECE / BYTES_PER_ELEMENT;
  for (let at = 0; at < length; at += step)
    await inTurn(() => copy.set(data.subarray(at, at + step), at));
  return copy;
}
