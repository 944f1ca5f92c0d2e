import { convolutionKernels } from './convolution.ts';
import { depthwiseKernels } from './depthwise.ts';
import { elementwiseKernels } from './elementwise.ts';
import { indexingKernels } from './indexing.ts';
import type { KernelTable } from './kernel.ts';
import { matrixKernels } from './matrix.ts';
import { normalizationKernels } from './normalization.ts';
import { poolingKernels } from './pooling.ts';
import { reductionKernels } from './reduction.ts';
import { shapeKernels } from './shape.ts';

/** Every tfjs kernel that can be compiled. */
export const kernels: KernelTable = {
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
