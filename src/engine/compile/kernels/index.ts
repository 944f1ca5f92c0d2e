import { convolutionKernels } from './convolution.ts';
import { depthwiseKernels } from './depthwise.ts';
import { elementwiseKernels } from './elementwise.ts';
import { indexingKernels } from './indexing.ts';
import { type KernelTable, UnsupportedCall } from './kernel.ts';
import { matrixKernels } from './matrix.ts';
import { normalizationKernels } from './normalization.ts';
import { poolingKernels } from './pooling.ts';
import { reductionKernels } from './reduction.ts';
import { shapeKernels } from './shape.ts';

/** Kernels whose results have as many numbers as the numbers say: no program has such a shape. */
const shapedByNumbers: KernelTable = Object.fromEntries(
  [
    'NonMaxSuppressionV3',
    'NonMaxSuppressionV4',
    'NonMaxSuppressionV5',
    'SparseFillEmptyRows',
    'Unique',
    'Where',
  ].map((kernel) => [
    kernel,
    () => {
      throw new UnsupportedCall(
        'the shape of its result depends on numbers, which are not known before the program runs',
      );
    },
  ]),
);

/** Every tfjs kernel that can be compiled. */
export const kernels: KernelTable = {
  ...shapedByNumbers,
  ...elementwiseKernels,
  ...reductionKernels,
  ...shapeKernels,
  ...indexingKernels,
  ...matrixKernels,
  ...convolutionKernels,
  ...depthwiseKernels,
  ...poolingKernels,
  ...normalizationKernels,
};
