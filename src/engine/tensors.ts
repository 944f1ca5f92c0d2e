import * as tf from '@tensorflow/tfjs-core';
import './quiet-tensors.ts';
// tfjs-core ships its gradients only as extensionless modules that Node can't load; the layers
// package carries them, bundled, and registers them when it is loaded.
import '@tensorflow/tfjs-layers';
import { registerMissingGradients } from './gradients.ts';
import { orderTape } from './tape-order.ts';

orderTape(tf.engine());
registerMissingGradients();

/**
 * tfjs-core with every gradient registered and corrected: right to the second order and beyond.
 * The rest of the project imports tensors from here, never from tfjs itself (types excepted).
 */
export { tf };
