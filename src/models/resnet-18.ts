import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import {
  type BatchNormTensors,
  batchNorm,
  batchNormEntries,
  batchNormInTraining,
} from './batch-norm.ts';
import { uniformByFanIn } from './initializers.ts';
import { convolve, dense } from './layers.ts';
import { type ParameterEntry, ParameterLayout } from './layout.ts';
import type { Model } from './model.ts';

type Entry = Omit<ParameterEntry, 'offset' | 'size'>;

/** Two residual blocks per stage. */
const BLOCKS = 2;
const STAGES = [
  { channels: 64, stride: 1 },
  { channels: 128, stride: 2 },
  { channels: 256, stride: 2 },
  { channels: 512, stride: 2 },
] as const;

/**
 * ResNet-18 for 32 × 32 images: the first convolution is 3 × 3 without stride and no pooling follows
 * it. The exchanged vector is the whole state: 11,173,962 parameters, 9,600 running statistics and 20
 * counters of batches, 11,183,582 coordinates, in the order of PyTorch's state dictionary.
 */
export const resnet18: Model = {
  id: 'resnet-18',
  title: 'ResNet-18 (3 × 3 stem, batch norm)',
  source:
    'He et al. 2016, "Deep Residual Learning for Image Recognition" §3.3, §4.2; as used by MaskCrypt (TDSC 2024) §6.1',
  inputShape: [32, 32, 3],
  classes: 10,
  layout: new ParameterLayout(entries(3, 10)),
  initialize: (random) => uniformByFanIn(resnet18.layout, random),
  logits: (parameters, inputs) => forward(parameters, inputs, batchNorm),
  trainingPass(parameters, inputs, present) {
    const buffers: Tensor[] = [];
    const logits = forward(parameters, inputs, (x, tensors) => {
      const pass = batchNormInTraining(x, tensors, present);
      buffers.push(...pass.buffers);
      return pass.output;
    });
    return { logits, buffers };
  },
};

function entries(inputChannels: number, classes: number): Entry[] {
  const list: Entry[] = [];
  let layer = 0;
  const convolutionAndNorm = (convolution: string, norm: string, shape: readonly number[]) => {
    list.push({ name: `${convolution}.weight`, shape, kind: 'weight', layer: layer++ });
    list.push(...batchNormEntries(norm, shape[3] as number, layer++));
  };
  let channels: number = STAGES[0].channels;
  convolutionAndNorm('conv1', 'bn1', [3, 3, inputChannels, channels]);
  STAGES.forEach((stage, at) => {
    for (let block = 0; block < BLOCKS; block++) {
      const name = `layer${at + 1}.${block}`;
      const inner = [3, 3, stage.channels, stage.channels];
      const pointwise = [1, 1, channels, stage.channels];
      convolutionAndNorm(`${name}.conv1`, `${name}.bn1`, [3, 3, channels, stage.channels]);
      convolutionAndNorm(`${name}.conv2`, `${name}.bn2`, inner);
      if (channels !== stage.channels)
        convolutionAndNorm(`${name}.shortcut.0`, `${name}.shortcut.1`, pointwise);
      channels = stage.channels;
    }
  });
  list.push({ name: 'linear.weight', shape: [channels, classes], kind: 'weight', layer });
  list.push({ name: 'linear.bias', shape: [classes], kind: 'bias', layer });
  return list;
}

function forward(
  parameters: readonly Tensor[],
  inputs: Tensor,
  normalise: (x: Tensor, tensors: BatchNormTensors) => Tensor,
): Tensor {
  const { entries: known } = resnet18.layout;
  if (parameters.length !== known.length)
    throw new RangeError(`${parameters.length} parameter tensors for ${known.length}`);
  let next = 0;
  const take = () => parameters[next++] as Tensor;
  const convolutionAndNorm = (x: Tensor, stride: number, padding: number) => {
    const convolved = convolve(x, take(), { stride, padding });
    return normalise(convolved, [take(), take(), take(), take(), take()]);
  };

  let x = tf.relu(convolutionAndNorm(inputs, 1, 1));
  STAGES.forEach(({ channels, stride: stageStride }) => {
    for (let block = 0; block < BLOCKS; block++) {
      const stride = block === 0 ? stageStride : 1;
      const inner = tf.relu(convolutionAndNorm(x, stride, 1));
      const residual = convolutionAndNorm(inner, 1, 1);
      const shortcut = x.shape[3] === channels ? x : convolutionAndNorm(x, stride, 0);
      x = tf.relu(tf.add(residual, shortcut));
    }
  });
  return dense(tf.mean(x, [1, 2]), take(), take());
}
