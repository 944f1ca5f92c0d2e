import { expect, test } from 'vitest';
import { combine } from '../../../src/federation/new-model.ts';

const bits = (text: string) => Uint8Array.from(text, Number);
const previous = Float32Array.of(10, 20, 30, 40);
const nowhere = bits('0000');

test('what everybody sent is the mean as it was summed', () => {
  const senders = [
    { encrypted: bits('1100'), plain: bits('0011'), weight: 0.25 },
    { encrypted: bits('1100'), plain: bits('0011'), weight: 0.75 },
  ];
  const sum = Float64Array.of(1, 2, 3, 4);
  const common = { senders, sum, masked: bits('1100'), previous };
  expect(combine({ ...common, rest: 'plaintext' })).toEqual(Float32Array.of(1, 2, 3, 4));
});

test('who left a coordinate out counts with the model of before', () => {
  const senders = [
    { encrypted: bits('1000'), plain: bits('0010'), weight: 0.25 },
    { encrypted: bits('1100'), plain: bits('0000'), weight: 0.75 },
  ];
  const sum = Float64Array.of(1, 2, 3, 0);
  const common = { senders, sum, masked: bits('1100'), previous };
  // Coordinate 1: 2 + .25 · 20; coordinate 2: 3 + .75 · 30; coordinate 3: nobody.
  expect(combine({ ...common, rest: 'plaintext' })).toEqual(Float32Array.of(1, 7, 25.5, 40));
});

test('zero: pruned coordinates are 0', () => {
  const senders = [{ encrypted: bits('1010'), plain: nowhere, weight: 1 }];
  const sum = Float64Array.of(1, 0, 3, 0);
  expect(combine({ senders, sum, masked: bits('1010'), previous, rest: 'zero' })).toEqual(
    Float32Array.of(1, 0, 3, 0),
  );
});

test('kept: the mean over those that sent a coordinate, weighted anew', () => {
  const senders = [
    { encrypted: bits('1100'), plain: nowhere, weight: 0.25 },
    { encrypted: bits('1010'), plain: nowhere, weight: 0.5 },
    { encrypted: bits('1000'), plain: nowhere, weight: 0.25 },
  ];
  const sum = Float64Array.of(7, 0.25 * 8, 0.5 * 6, 0);
  expect(combine({ senders, sum, masked: bits('1110'), previous, rest: 'kept' })).toEqual(
    Float32Array.of(7, 8, 6, 40),
  );
});

test('weights of weighting clients are scaled to those that are left', () => {
  const all = { encrypted: bits('1111'), plain: nowhere };
  const senders = [
    { ...all, weight: 0.25 },
    { ...all, weight: 0.25 },
  ];
  const sum = Float64Array.of(1, 2, 3, 4);
  const common = { senders, sum, masked: bits('1111'), previous };
  expect(combine({ ...common, rest: 'plaintext' })).toEqual(Float32Array.of(2, 4, 6, 8));
});
