import * as tf from '@tensorflow/tfjs-core';

/**
 * The gradient of an Einstein sum in each operand is another one: of dy with the other operand, for
 * the operand's labels. A label found nowhere else was summed over, which spreads dy evenly.
 */
export function einsum(dy: tf.Tensor, saved: tf.Tensor[], { equation }: { equation: string }) {
  const [left = '', right = ''] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',');
  const inOperand = (at: number) => () => {
    const operand = saved[at] as tf.Tensor;
    const others = terms.filter((_, other) => other !== at);
    const known = [right, ...others].join('');
    const labels = [...(terms[at] as string)];
    const kept = labels.filter((label) => known.includes(label)).join('');
    const rest = saved.filter((_, other) => other !== at);
    const slope = tf.einsum(`${[right, ...others].join(',')}->${kept}`, dy, ...rest);
    const thin = operand.shape.map((length, axis) =>
      known.includes(labels[axis] as string) ? length : 1,
    );
    return tf.broadcastTo(tf.reshape(slope, thin), operand.shape);
  };
  return Object.fromEntries(terms.map((_, at) => [at, inOperand(at)]));
}
