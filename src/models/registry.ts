import { didYouMean } from '../platform/did-you-mean.ts';
import { cnn2Conv } from './cnn-2conv.ts';
import { dlgLenetCifar10, dlgLenetCifar100, dlgLenetMnist } from './dlg-lenet.ts';
import { distilGpt2, distilGpt2Duplicated } from './gpt/distilgpt2.ts';
import { gptBytePairs } from './gpt/gpt-byte-pairs.ts';
import { gptChar, gptCharDuplicated, gptCharSmall, gptCharUntied } from './gpt/gpt-char.ts';
import { lenet5, lenet5Cifar10, lenet5Cifar100 } from './lenet-5.ts';
import { logisticMnist } from './logistic-mnist.ts';
import { maserConvnet, maserLenet } from './maser.ts';
import { mlp2fc } from './mlp-2fc.ts';
import { mlpDiabetes, mlpLocation, mlpPurchase, mlpTexas } from './mlp-tabular.ts';
import type { Model } from './model.ts';
import { resnet18 } from './resnet-18.ts';

/** Every architecture of the suite. */
export const models: readonly Model[] = [
  lenet5,
  lenet5Cifar10,
  lenet5Cifar100,
  dlgLenetMnist,
  dlgLenetCifar10,
  dlgLenetCifar100,
  logisticMnist,
  mlp2fc,
  cnn2Conv,
  mlpPurchase,
  mlpTexas,
  mlpLocation,
  mlpDiabetes,
  maserLenet,
  maserConvnet,
  resnet18,
  gptChar,
  gptCharSmall,
  gptCharUntied,
  gptCharDuplicated,
  gptBytePairs,
  distilGpt2,
  distilGpt2Duplicated,
];

/** @throws {RangeError} naming the models there are, when none has that id. */
export function findModel(id: string): Model {
  const found = models.find((model) => model.id === id);
  if (found) return found;
  const ids = models.map((model) => model.id);
  throw new RangeError(`No model is called "${id}": ${didYouMean(id, ids)}`);
}
