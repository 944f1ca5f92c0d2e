import { didYouMean } from '../platform/did-you-mean.ts';
import { cnn2Conv } from './cnn-2conv.ts';
import { dlgLenetCifar100, dlgLenetMnist } from './dlg-lenet.ts';
import { lenet5 } from './lenet-5.ts';
import { mlp2fc } from './mlp-2fc.ts';
import { mlpPurchase, mlpTexas } from './mlp-tabular.ts';
import type { Model } from './model.ts';

/** Every architecture of the suite. */
export const models: readonly Model[] = [
  lenet5,
  dlgLenetMnist,
  dlgLenetCifar100,
  mlp2fc,
  cnn2Conv,
  mlpPurchase,
  mlpTexas,
];

/** @throws {RangeError} naming the models there are, when none has that id. */
export function findModel(id: string): Model {
  const found = models.find((model) => model.id === id);
  if (found) return found;
  const ids = models.map((model) => model.id);
  throw new RangeError(`No model is called "${id}": ${didYouMean(id, ids)}`);
}
