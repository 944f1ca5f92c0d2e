import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasetList } from '../../../src/data/registry.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { Catalogue } from '../../../src/spec/catalogue.ts';
import { formatSpecification } from '../../../src/spec/format.ts';
import { expandGrid } from '../../../src/spec/grid.ts';
import { pretrainingHash, trajectoryHash } from '../../../src/spec/hash.ts';
import { loadSpecification } from '../../../src/spec/load.ts';
import { formatPath } from '../../../src/spec/problems.ts';
import { validate } from '../../../src/spec/validate.ts';
import { minimal, catalogue as small } from './catalogue.ts';

const catalogue: Catalogue = {
  ...small,
  models: [...small.models, findModel('gpt-char'), findModel('gpt-bpe')],
  datasets: datasetList(),
};
const text = {
  ...minimal,
  dataset: { id: 'synthetic-tiny-shakespeare', limit: 1200 },
  model: 'gpt-char',
  membership: { shadowSamples: 100 },
};
const pretraining = { dataset: 'synthetic-tiny-shakespeare' };

function specify(changes: object) {
  const validation = validate({ ...text, ...changes }, catalogue, 'test');
  if ('findings' in validation) throw new Error(JSON.stringify(validation.findings));
  return validation.specification;
}

function wrong(changes: object): string[] {
  const validation = validate({ ...text, ...changes }, catalogue, 'test');
  return 'findings' in validation
    ? validation.findings.map(({ path, message }) => `${formatPath(path)}: ${message}`)
    : [];
}

describe('pretraining', () => {
  test('has defaults, and is absent unless written', () => {
    expect(specify({ pretraining }).pretraining).toEqual({
      ...pretraining,
      ...{ epochs: 1, batchSize: 16, learningRate: 0.05 },
    });
    expect(specify({})).not.toHaveProperty('pretraining');
  });

  test('takes public data that is there and fits', () => {
    expect(wrong({ pretraining: { dataset: 'synthetic-tiny-shakespear' } })).toEqual([
      expect.stringMatching(/^pretraining\.dataset: there is no data set .*did you mean/),
    ]);
    expect(wrong({ pretraining: { dataset: 'wikitext-2-bpe' } })).toEqual([
      'pretraining.dataset: wikitext-2-bpe does not fit gpt-char; use tiny-shakespeare or synthetic-tiny-shakespeare',
    ]);
    expect(wrong({ dataset: 'synthetic-tiny-shakespeare', pretraining })).toEqual([
      'pretraining.dataset: the experiment uses all of synthetic-tiny-shakespeare, so that none of it is public; lower dataset.limit or pretrain on other data',
    ]);
    expect(wrong({ pretraining: { ...pretraining, samples: 2801 } })).toEqual([
      'pretraining.samples: is 2801; synthetic-tiny-shakespeare has 2800 training samples that the experiment does not use, so it must be at most 2800',
    ]);
    expect(wrong({ pretraining: { ...pretraining, samples: 2800 } })).toEqual([]);
    expect(wrong({ pretraining: { ...pretraining, epoch: 2 } })).toEqual([
      expect.stringMatching(/^pretraining\.epoch: is not a known key; did you mean "epochs"/),
    ]);
    const pairs = {
      model: 'gpt-bpe',
      dataset: { id: 'synthetic-tiny-shakespeare-bpe', limit: 900 },
    };
    expect(
      wrong({ ...pairs, pretraining: { dataset: 'synthetic-wikitext-2-bpe', samples: 2080 } }),
    ).toEqual([
      'pretraining.samples: is 2080; synthetic-wikitext-2-bpe has 2079 training samples, so it must be at most 2079',
    ]);
  });

  test('makes another cell and another training; its own result depends on what it uses alone', () => {
    const plain = specify({});
    const trained = specify({ pretraining });
    const cells = (specification: typeof plain) =>
      expandGrid(specification, catalogue).map(({ hash }) => hash);
    expect(cells(trained)).not.toEqual(cells(plain));
    expect(trajectoryHash(trained, 1)).not.toBe(trajectoryHash(plain, 1));
    const same = [
      { defenses: ['full'] },
      { federation: { rounds: 3 } },
      { dataset: { ...text.dataset, testLimit: 10 } },
    ];
    for (const changes of same)
      expect(pretrainingHash(specify({ pretraining, ...changes }), 1)).toBe(
        pretrainingHash(trained, 1),
      );
    expect(pretrainingHash(trained, 2)).not.toBe(pretrainingHash(trained, 1));
    const others = [
      { pretraining: { ...pretraining, epochs: 2 } },
      // Other samples are left out.
      { dataset: { ...text.dataset, limit: 1300 } },
    ];
    for (const changes of others)
      expect(pretrainingHash(specify({ pretraining, ...changes }), 1)).not.toBe(
        pretrainingHash(trained, 1),
      );
  });
});

describe('a checkpoint', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spec-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const experiment = (name: string, checkpoint: unknown) =>
    write(name, JSON.stringify({ ...text, checkpoint }));
  const sha256 = createHash('sha256').update('some bytes').digest('hex');

  test('is found beside the experiment and known by its content', async () => {
    await write('a.safetensors', 'some bytes');
    await write('b.safetensors', 'some bytes');
    await write('c.safetensors', 'other bytes');
    const load = async (checkpoint: unknown) =>
      loadSpecification(await experiment('run.json', checkpoint), catalogue);
    const first = await load('a.safetensors');
    expect(first.checkpoint).toEqual({ file: join(folder, 'a.safetensors'), sha256 });
    const cell = (specification: typeof first) =>
      expandGrid(specification, catalogue).map(({ hash }) => hash);
    expect(cell(await load({ file: 'b.safetensors', sha256 }))).toEqual(cell(first));
    expect(cell(await load('c.safetensors'))).not.toEqual(cell(first));
    // What a run freezes loads as the same.
    const frozen = await write('frozen.yaml', formatSpecification(first));
    expect(await loadSpecification(frozen, catalogue)).toEqual(first);
  });

  test('that is missing, another file or nothing for the model is told', async () => {
    await write('a.safetensors', 'some bytes');
    const load = async (checkpoint: unknown) =>
      loadSpecification(await experiment('wrong.json', checkpoint), catalogue);
    await expect(load('none.safetensors')).rejects.toThrow(
      /checkpoint: there is no file .*none\.safetensors; paths are relative to the experiment's file/,
    );
    await expect(load({ file: 'a.safetensors', sha256: '0'.repeat(64) })).rejects.toThrow(
      /checkpoint: .*a\.safetensors is another file: its sha256 is/,
    );
    await expect(load({ file: 'a.safetensors', sha256: 'abc' })).rejects.toThrow(
      /checkpoint\.sha256: .*must be 64 hexadecimal digits/,
    );
    expect(wrong({ ...minimal, checkpoint: 'a.safetensors' })).toEqual([
      "checkpoint: lenet-5 can't be read from a checkpoint; gpt-char, gpt-bpe can",
    ]);
  });
});
