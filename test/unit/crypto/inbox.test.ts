import { expect, it } from 'vitest';
import { Inbox } from '../../../src/crypto/work/inbox.ts';

const bytes = (message: { columns: Uint8Array[][] }) => message.columns.flat();

it('holds copies of all arrays of a message, aligned for each type', () => {
  const message = {
    key: 3,
    columns: [[Uint8Array.of(1, 2, 3)], [Uint8Array.of(4), Uint8Array.of()]],
    values: Float32Array.of(0.5, -2),
    kind: 'upload',
    floodingBits: null,
  };
  const written = new Inbox().write(message);
  expect(written).toEqual(message);
  for (const array of [...bytes(written), written.values]) {
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(array.byteOffset % 8).toBe(0);
  }
  written.values[0] = 7;
  expect(message.values[0]).toBe(0.5);
});

it('writes into a view of a larger buffer only what the view shows', () => {
  const part = Uint8Array.of(9, 8, 7, 6).subarray(1, 3);
  expect([...new Inbox().write({ part }).part]).toEqual([8, 7]);
});

it('serves task after task with one memory, and gives back what only a large one needed', () => {
  const inbox = new Inbox();
  const memoryOf = (size: number) => inbox.write({ array: new Uint8Array(size) }).array.buffer;
  const first = memoryOf(1000);
  inbox.clear();
  expect(memoryOf(800)).toBe(first);
  const large = memoryOf(80 * 2 ** 20);
  inbox.clear();
  expect(memoryOf(800)).not.toBe(large);
});
