import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineExperiment } from '../../../src/spec/define.ts';
import { formatSpecification } from '../../../src/spec/format.ts';
import { loadSpecification } from '../../../src/spec/load.ts';
import { SpecificationError } from '../../../src/spec/problems.ts';
import { validate } from '../../../src/spec/validate.ts';
import { readYaml } from '../../../src/spec/yaml-source.ts';
import { catalogue } from './catalogue.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spec-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function failure(path: string): Promise<SpecificationError> {
  const error = await loadSpecification(path, catalogue).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpecificationError);
  return error as SpecificationError;
}

/** The message with the folder left out. */
async function report(name: string, text: string): Promise<string[]> {
  const { message } = await failure(await file(name, text));
  return message.replaceAll(`${folder}/`, '').split('\n');
}

const MINIMAL = 'dataset: mnist\nmodel: lenet-5\ndefenses: [none]\nattacks: [loss-threshold]\n';

describe('loadSpecification from YAML', () => {
  it('reads the friendly forms, anchors and comments, and takes its name from the file', async () => {
    const path = await file(
      'my experiment (1).yaml',
      [
        '# a comment',
        'dataset: mnist',
        'model: lenet-5',
        'seeds: 2',
        'defenses:',
        '  - none',
        '  - { id: random, ratio: &ratios [.05, .25] }',
        '  - { id: maskcrypt, ratio: *ratios }',
        'attacks: [loss-threshold, { id: dlg, iterations: 200 }]',
        'network: { bandwidth: 592 MB/s }',
      ].join('\n'),
    );
    expect(await loadSpecification(path, catalogue)).toMatchObject({
      name: 'my-experiment-1-',
      seeds: [1, 2],
      defenses: [
        { id: 'none', params: {} },
        { id: 'random', params: { ratio: [0.05, 0.25] } },
        { id: 'maskcrypt', params: { ratio: [0.05, 0.25], consensus: 'truncate' } },
      ],
      network: { bitsPerSecond: 4_736_000_000 },
    });
  });

  it('reports every problem with file, line and column, in the order of the file', async () => {
    const text = [
      'dataset: mnist',
      'modle: lenet-5',
      'federation:',
      '  clients: 10',
      '  clientsPerRound: 20',
      '  partition: { kind: dirichlet }',
      'defenses:',
      '  - none',
      '  - { id: random, ratio: [0.05, 1.5] }',
      '  - id: maskrypt',
      '    ratio: 0.25',
      'attacks: []',
    ].join('\n');
    expect(await report('bad.yaml', text)).toEqual([
      'bad.yaml has 7 problems:',
      expect.stringMatching(/^ {2}bad.yaml:1:1 {2}model: is missing; it must be a text$/),
      expect.stringMatching(
        /^ {2}bad.yaml:2:1 {2}modle: is not a known key; did you mean "model"\?/,
      ),
      expect.stringMatching(/^ {2}bad.yaml:5:20 {2}federation.clientsPerRound: 20 clients per/),
      '  bad.yaml:6:3  federation.partition.alpha: is missing; it must be a number',
      '  bad.yaml:9:33  defenses[1].ratio[1]: is 1.5; it must be at most 1',
      expect.stringMatching(
        /^ {2}bad.yaml:10:9 {2}defenses\[2\].id: there is no defense "maskrypt"/,
      ),
      '  bad.yaml:12:10  attacks: is an empty list; it needs 1 item or more',
    ]);
  });

  it('points at an alias, and through it at what is inside', async () => {
    const defenses =
      '[{ id: random, ratio: &r [0, 2] }, { id: maskcrypt, ratio: *r, consensus: *t }]';
    const text = `title: &t none\n${MINIMAL.replace('[none]', defenses)}`;
    expect(await report('alias.yaml', text)).toEqual([
      'alias.yaml has 3 problems:',
      '  alias.yaml:4:40  defenses[0].ratio[1]: is 2; it must be at most 1',
      '  alias.yaml:4:40  defenses[1].ratio[1]: is 2; it must be at most 1',
      '  alias.yaml:4:85  defenses[1].consensus: is "none"; it must be one of truncate, union',
    ]);
  });

  it.each([
    ['an unclosed list', 'a: [1, 2\nb: 3\n', /syntax.yaml:\d+:\d+ {2}is no valid YAML: /],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', /syntax.yaml:3:1 {2}is no valid YAML: Map keys must be/],
    ['an unknown tag', 'a: !secret x\n', /syntax.yaml:1:4 {2}is no valid YAML: Unresolved tag/],
    ['an unknown alias', 'a: *nowhere\n', /is no valid YAML: .*nowhere/],
    ['a tab', 'a:\n\tb: 1\n', /syntax.yaml:2:1 {2}is no valid YAML: /],
    ['two documents', 'a: 1\n---\nb: 2\n', /is no valid YAML: /],
    [
      'a billion laughs',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      /is no valid YAML: Excessive alias count/,
    ],
  ])('reports %s as a syntax error', async (_, text, expected) => {
    expect((await report('syntax.yaml', text)).join('\n')).toMatch(expected);
  });

  it('says that an empty file is empty', async () => {
    expect(await report('empty.yaml', '')).toEqual([
      'empty.yaml has a problem:',
      expect.stringMatching(/is empty; it must be a section of keys and values$/),
    ]);
  });

  it('never crashes on random text', () => {
    const yamlish = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            'a',
            ': ',
            '\n',
            '  ',
            '- ',
            '[',
            ']',
            '{',
            '}',
            '&x ',
            '*x',
            '"',
            '#',
            '|',
          ),
          fc.string({ maxLength: 3 }),
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(yamlish, fc.array(fc.oneof(fc.string(), fc.nat(3))), (text, path) => {
        try {
          const place = readYaml(text, 'f').locate({ path, message: '' });
          if (place) expect(place.line).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(SpecificationError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('loadSpecification from other files', () => {
  it('reads JSON', async () => {
    const path = await file(
      'e.json',
      JSON.stringify({
        dataset: 'mnist',
        model: 'lenet-5',
        defenses: ['full'],
        attacks: ['loss-threshold'],
      }),
    );
    expect((await loadSpecification(path, catalogue)).defenses).toEqual([
      { id: 'full', params: {} },
    ]);
  });

  const MODULE =
    "({ dataset: 'mnist', model: 'lenet-5', defenses: ['none'], attacks: ['loss-threshold'], seeds: SEEDS })";

  it.each([
    ['js.mjs', `export default ${MODULE.replace('SEEDS', '2')};`],
    ['ts.ts', `const seeds: number = 2;\nexport default ${MODULE.replace('SEEDS', 'seeds')};`],
    ['ts.mts', `type N = number;\nexport default ${MODULE.replace('SEEDS', '2 as N')};`],
  ])('reads a module: %s', async (name, text) => {
    expect(await loadSpecification(await file(name, text), catalogue)).toMatchObject({
      name: name.split('.')[0],
      seeds: [1, 2],
    });
  });

  it('takes what defineExperiment gives back', () => {
    const experiment = defineExperiment({
      dataset: { id: 'mnist', limit: 5000 },
      model: 'lenet-5',
      federation: { partition: { kind: 'dirichlet', alpha: 0.5 } },
      defenses: ['none', { id: 'random', ratio: [0.1, 0.2] }],
      attacks: ['loss-threshold'],
    });
    expect(validate(experiment, catalogue, 'typed')).toMatchObject({
      specification: { name: 'typed', dataset: { id: 'mnist', limit: 5000 } },
    });
  });

  it('reports problems in a module by path', async () => {
    const text = `export default ${MODULE.replace('SEEDS', '[1, -1]')};`;
    expect(await report('wrong.mjs', text)).toEqual([
      'wrong.mjs has a problem:',
      '  wrong.mjs  seeds[1]: is -1; it must be at least 0',
    ]);
  });

  it.each([
    ['throws.mjs', 'throw new Error("not today");', /can't be loaded: not today/],
    ['none.mjs', 'export const experiment = {};', /exports no experiment; write export default/],
    ['experiment.toml', 'a = 1', /is no experiment; write one in a file that ends in .yaml/],
  ])('explains what is wrong with %s', async (name, text, expected) => {
    expect((await failure(await file(name, text))).message).toMatch(expected);
  });

  it.each([['missing.yaml'], ['missing.ts']])('says that %s does not exist', async (name) => {
    expect((await failure(join(folder, name))).message).toMatch(
      /does not exist; check the path, which is relative to the current folder/,
    );
  });
});

describe('plug-ins of a specification', () => {
  it('are loaded before it is checked, by absolute path', async () => {
    const path = await file(
      'plugged.yaml',
      `${MINIMAL.replace('[none]', '[mine]')}plugins: [./mine.ts, ../shared/other.js]\n`,
    );
    const asked: (readonly string[])[] = [];
    const specification = await loadSpecification(path, async (paths) => {
      asked.push(paths);
      const [none] = catalogue.defenses;
      if (!none) throw new Error('the catalogue has defenses');
      return {
        ...catalogue,
        defenses: [...catalogue.defenses, { meta: { ...none.meta, id: 'mine' } }],
      };
    });
    const absolute = [join(folder, 'mine.ts'), join(folder, '../shared/other.js')];
    expect(asked).toEqual([absolute]);
    expect(specification.plugins).toEqual(absolute);
    expect(specification.defenses).toEqual([{ id: 'mine', params: {} }]);
  });

  it('are none while the list itself is wrong', async () => {
    const path = await file('unplugged.yaml', `${MINIMAL}plugins: 3\n`);
    await expect(
      loadSpecification(path, async (paths) => {
        expect(paths).toEqual([]);
        return catalogue;
      }),
    ).rejects.toThrow(/unplugged.yaml:5:10 {2}plugins: is 3; it must be a list/);
  });
});

describe('formatSpecification', () => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const count = (max: number) => fc.integer({ min: 1, max });
  const ratios = fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 3,
    // -0 and 0 are one row.
    selector: (ratio) => ratio + 0,
  });
  const experiment = fc.record(
    {
      title: text,
      seeds: fc.oneof(count(5), fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 4 })),
      dataset: fc.record(
        {
          id: fc.constant('mnist'),
          limit: fc.integer({ min: 4000, max: 60_000 }),
          testLimit: count(9),
        },
        { requiredKeys: ['id'] },
      ),
      model: fc.constant('lenet-5'),
      federation: fc.record(
        {
          localEpochs: count(9),
          learningRate: fc.double({ min: 1e-9, max: 10, noNaN: true }),
          partition: fc.oneof(
            fc.constant('iid'),
            fc.record({
              kind: fc.constant('dirichlet'),
              alpha: fc.double({ min: 0.01, max: 100, noNaN: true }),
            }),
          ),
          trajectory: fc.constantFrom('shared', 'independent'),
        },
        { requiredKeys: [] },
      ),
      defenses: fc.tuple(
        fc.constant('none'),
        fc.record({ id: fc.constantFrom('random', 'maskcrypt'), ratio: ratios }),
        fc.record({ id: fc.constant('layers'), layers: fc.constant([0, 2]), note: text }),
      ),
      attacks: fc.constant(['loss-threshold', { id: 'dlg', iterations: 7 }]),
      network: fc.record({
        bandwidth: fc
          .tuple(
            fc.double({ min: 0.001, max: 1e6, noNaN: true }),
            fc.constantFrom('Mbit/s', 'GB/s'),
          )
          .map(([amount, unit]) => `${amount} ${unit}`),
      }),
    },
    { requiredKeys: ['dataset', 'model', 'defenses', 'attacks'] },
  );

  it('writes what loads as the same specification', async () => {
    await fc.assert(
      fc.asyncProperty(experiment, async (written) => {
        const first = await loadSpecification(
          await file('first.json', JSON.stringify(written)),
          catalogue,
        );
        const again = await loadSpecification(
          await file('again.yaml', formatSpecification(first)),
          catalogue,
        );
        expect(again).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });

  it('writes further experiments too', async () => {
    const also = 'also: [{ title: more, seeds: 2, defenses: [{ id: random, ratio: [.1, .2] }] }]\n';
    const first = await loadSpecification(await file('a.yaml', MINIMAL + also), catalogue);
    expect(first.also).toHaveLength(1);
    const again = await file('b.yaml', formatSpecification(first));
    expect(await loadSpecification(again, catalogue)).toEqual(first);
  });

  it('points at what is wrong in a further experiment', async () => {
    expect(await report('c.yaml', `${MINIMAL}also:\n  - title: more\n    seeds: 0\n`)).toEqual([
      'c.yaml has a problem:',
      '  c.yaml:7:12  also[0].seeds: is 0; it must be at least 1',
    ]);
  });
});
