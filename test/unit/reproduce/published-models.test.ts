import { expect, it } from 'vitest';
import {
  bertBase,
  fedAvgCnn,
  fedMlHeResNet18,
  llama2,
  resNet50,
  vitBase,
} from '../../../src/reproduce/published-models.ts';

it.each([
  // McMahan et al. (2017) §3 states this count.
  ['CNN', fedAvgCnn(), 1_663_370],
  // The counts that FedML-HE lists in its Table 4.
  ['ResNet-18', fedMlHeResNet18(), 12_556_426],
  ['ResNet-50', resNet50(), 25_557_032],
  ['ViT', vitBase(), 86_389_248],
  ['BERT', bertBase(), 109_482_240],
  // "6.74 B" there.
  ['Llama-2', llama2(), 6_738_415_616],
])('%s has as many parameters as published', (_, derived, published) => {
  expect(derived).toBe(published);
});
