import * as tf from '@tensorflow/tfjs-core';

/**
 * Scatters dy back to where it was gathered; repeated indices add up. Unlike tfjs's own gradient it
 * knows any number of batch dimensions, and needs no method of tensors that nobody registered.
 */
export function gather(dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.GatherV2Attrs) {
  const [x, indices] = saved as [tf.Tensor, tf.Tensor];
  const { batchDims } = attributes;
  const axis = tf.util.parseAxisParam(attributes.axis, x.shape)[0] as number;
  return {
    x: () => {
      const rest = x.shape.toSpliced(axis, 1);
      // dy as [...batch, ...indices, ...rest], then one row per index of the whole batch.
      const places = indices.rank - batchDims;
      const axes = dy.shape.map((_, at) => at);
      const gathered = axes.splice(axis, places);
      axes.splice(batchDims, 0, ...gathered);
      const rows = tf.reshape(tf.transpose(dy, axes), [indices.size, ...rest.slice(batchDims)]);
      const batches = product(x.shape.slice(0, batchDims));
      const length = x.shape[axis] as number;
      const start = tf.range(0, batches * length, length, 'int32');
      const segments = tf.reshape(
        tf.add(tf.reshape(indices, [batches, -1]), tf.reshape(start, [batches, 1])),
        [-1],
      );
      const sums = tf.unsortedSegmentSum(rows, segments as tf.Tensor1D, batches * length);
      const laidOut = [...rest.slice(0, batchDims), length, ...rest.slice(batchDims)];
      const back = laidOut.map((_, at) => at);
      back.splice(axis, 0, ...back.splice(batchDims, 1));
      return tf.transpose(tf.reshape(sums, laidOut), back);
    },
    indices: () => tf.zerosLike(indices),
  };
}

/** Adds the mirrored borders up where they came from; tfjs's own gradient drops them. */
export function mirrorPad(dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.MirrorPadAttrs) {
  const [x] = saved as [tf.Tensor];
  const { paddings, mode } = attributes;
  return {
    x: () =>
      paddings.reduce((total, [before, after], axis) => {
        if (before + after === 0) return total;
        const length = x.shape[axis] as number;
        const sources = Array.from({ length: before + length + after }, (_, at) =>
          mirrored(at - before, length, mode),
        );
        const axes = x.shape.map((_, at) => at);
        axes.unshift(...axes.splice(axis, 1));
        const rows = tf.transpose(total, axes);
        const sums = tf.unsortedSegmentSum(rows, tf.tensor1d(sources, 'int32'), length);
        return tf.transpose(
          sums,
          axes.map((_, at) => axes.indexOf(at)),
        );
      }, dy),
  };
}

/** The position a position outside 0 … length-1 is a mirror image of. */
function mirrored(at: number, length: number, mode: 'reflect' | 'symmetric'): number {
  const edge = mode === 'reflect' ? 0 : 1;
  if (at < 0) return -at - edge;
  return at < length ? at : 2 * (length - 1) - at + edge;
}

/** Scatters dy back to the positions the slice read. */
export function stridedSlice(dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.StridedSliceAttrs) {
  const [x] = saved as [tf.Tensor];
  return {
    x: () => {
      // Numbered in floats, which count exactly to 2^24: WebAssembly slices float32 only.
      if (x.size > 2 ** 24)
        throw new Error(`a strided slice of ${x.size} values has no gradient; the limit is 2^24`);
      const positions = tf.tidy(() => {
        const all = tf.reshape(tf.range(0, x.size, 1, 'float32'), x.shape);
        const read = tf
          .engine()
          .runKernel(tf.StridedSlice, { x: all }, attributes as unknown as tf.NamedAttrMap);
        return tf.cast(tf.reshape(read as tf.Tensor, [-1]), 'int32');
      });
      const flat = tf.unsortedSegmentSum(tf.reshape(dy, [-1]), positions as tf.Tensor1D, x.size);
      return tf.reshape(flat, x.shape);
    },
  };
}

const product = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);
