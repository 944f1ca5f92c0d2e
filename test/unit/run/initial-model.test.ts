import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { defenses } from '../../../defenses/index.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { findModel } from '../../../src/models/registry.ts';
import { prepareRun } from '../../../src/run/prepare.ts';
import { Workplace } from '../../../src/run/stages/workplace.ts';
import { tinySpecification } from '../../e2e/cli-process.ts';
import { writeSafetensors } from '../models/write-safetensors.ts';

test('an experiment starts from the checkpoint that it names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hefl-checkpoint-'));
  try {
    const model = findModel('gpt-char');
    const flat = model.initialize(randomStream(5));
    const tensors = Object.fromEntries(
      model.layout.entries.map(({ name, shape, offset, size }) => [
        name,
        {
          ...{ dtype: 'F32', shape },
          bytes: Buffer.from(flat.slice(offset, offset + size).buffer),
        },
      ]),
    );
    const write = (name: string, content: string | Buffer) =>
      writeFile(join(folder, name), content);
    await write('model.safetensors', writeSafetensors(tensors));
    const specification = tinySpecification({
      dataset: '{ id: synthetic-tiny-shakespeare, limit: 80, testLimit: 5 }',
      model: 'gpt-char',
      checkpoint: 'model.safetensors',
      attacks: '[perplexity]',
    });
    await write('run.yaml', specification);
    const prepared = await prepareRun(join(folder, 'run.yaml'), { defenses, attacks });
    const task = { ...prepared, folder, plugins: [], jobs: 1 };
    const workplace = new Workplace({ defenses, attacks });
    for (const seed of [1, 2]) {
      const { model: started } = await workplace.setting(task, seed);
      expect(started.initialize(randomStream(seed))).toEqual(flat);
      // One object: programs are compiled once for it.
      expect(await workplace.model(task, seed)).toBe(started);
    }

    const { 'transformer.wpe.weight': _, ...incomplete } = tensors;
    await write('model.safetensors', writeSafetensors(incomplete));
    await expect(prepareRun(join(folder, 'run.yaml'), { defenses, attacks })).rejects.toThrow(
      /model\.safetensors holds no parameters of gpt-char: it has no "transformer\.wpe\.weight"\. Name another/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
