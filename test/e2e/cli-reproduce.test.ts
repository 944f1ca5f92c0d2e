import { expect, test } from 'vitest';
import { hefl } from './cli-process.ts';

test('without an item, reproduce lists what there is', async () => {
  const { code, stdout } = await hefl('reproduce');
  expect(code).toBe(0);
  for (const id of ['maskcrypt/table-2', 'fedml-he/table-7', 'maser/fig-2'])
    expect(stdout).toMatch(new RegExp(`^${id} `, 'm'));
});

test('an exact item prints published and own numbers, also as JSON', async () => {
  const text = await hefl('reproduce', 'maskcrypt/table-1');
  expect(text.stdout).toMatch(/CIFAR-10, ResNet-18 +11,183,582 +11,183,582 +equal/);
  const { code, stdout } = await hefl('reproduce', 'maskcrypt/table-1', '--json');
  expect(code).toBe(0);
  const shown = JSON.parse(stdout);
  expect(shown).toMatchObject({ id: 'maskcrypt/table-1', kind: 'exact' });
  expect(shown.rows[0].numbers).toEqual({ published: 61_706, ours: 61_706 });
});

test('an unknown item is a wrong usage', async () => {
  const { code, stderr } = await hefl('reproduce', 'maskcrypt/fig3');
  expect(code).toBe(2);
  expect(stderr).toMatch(/There is no item "maskcrypt\/fig3"; did you mean "maskcrypt\/fig-3"/);
});
