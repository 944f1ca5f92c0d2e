import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validate } from '../../../src/spec/validate.ts';
import { catalogue, minimal } from './catalogue.ts';
import { valid, wrong } from './validated.ts';

describe('an invalid specification', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'an unknown key',
      { defences: [] },
      [
        'defences: is not a known key; did you mean "defenses"? There are name, title, seeds, dataset, model, checkpoint, pretraining, federation, membership, probes, defenses, attacks, adversaries, plugins, network, limits, also.',
      ],
    ],
    [
      'an unknown key inside',
      { federation: { round: 3 } },
      [
        'federation.round: is not a known key; did you mean "rounds"? There are clients, clientsPerRound, rounds, localEpochs, batchSize, learningRate, partition, proximal, weighting, dropout, trajectory.',
      ],
    ],
    [
      'an unknown defense',
      { defenses: ['maskrypt'] },
      [
        'defenses[0]: there is no defense "maskrypt"; did you mean "maskcrypt"? There are none, full, random, maskcrypt, layers, loose, window, tags.',
      ],
    ],
    [
      'an unknown attack, adversary, data set and model',
      { attacks: [{ id: 'dgl' }], adversaries: ['orakel'], dataset: 'minst', model: 'lenet5' },
      [
        'attacks[0].id: there is no attack "dgl"; did you mean "dlg"? There are loss-threshold, dlg.',
        'dataset: there is no data set "minst"; did you mean "mnist"? There are mnist, synthetic-mnist.',
        'model: there is no model "lenet5"; did you mean "lenet-5"? There are lenet-5, dlg-lenet-cifar100.',
        'adversaries[0]: there is no adversary "orakel"; did you mean "oracle"? There are stale, global-fill, mask-aware, oracle.',
      ],
    ],
    [
      'ρ above 1 in a list',
      { defenses: [{ id: 'random', ratio: [0.5, 1.5] }] },
      ['defenses[0].ratio[1]: is 1.5; it must be at most 1'],
    ],
    [
      'ρ below 0',
      { defenses: [{ id: 'random', ratio: -0.1 }] },
      ['defenses[0].ratio: is -0.1; it must be at least 0'],
    ],
    [
      'a parameter of another type',
      { defenses: [{ id: 'maskcrypt', ratio: '5 %', consensus: 'unoin' }] },
      [
        'defenses[0].ratio: is "5 %"; it must be a number',
        'defenses[0].consensus: is "unoin"; it must be one of truncate, union (did you mean "union"?)',
      ],
    ],
    [
      'an unknown parameter',
      { defenses: [{ id: 'random', ratio: 0.1, ratoi: 0.2 }] },
      ['defenses[0].ratoi: is not a known key; did you mean "ratio"? There is ratio.'],
    ],
    [
      "an unknown parameter that the plug-in's schema would drop",
      { defenses: [{ id: 'loose', strenght: 2 }] },
      ['defenses[0].strenght: is not a known key; did you mean "strength"? There is strength.'],
    ],
    [
      'parameters that contradict each other',
      { defenses: [{ id: 'window', from: [1, 5], to: 3 }] },
      ['defenses[0].to: is 3; it must have from below to'],
    ],
    [
      'a missing parameter',
      { defenses: ['random'] },
      ['defenses[0].ratio: is missing; it must be a number'],
    ],
    [
      'the same row twice',
      { defenses: ['none', { id: 'random', ratio: [0.1, 0.2] }, { id: 'random', ratio: 0.2 }] },
      ['defenses[2]: gives the row random(ratio=0.2) a second time; leave one out'],
    ],
    [
      'the same value twice',
      { defenses: [{ id: 'random', ratio: [0.1, 0.1] }] },
      ['defenses[0]: gives the row random(ratio=0.1) a second time; leave one out'],
    ],
    [
      'an attack twice',
      { attacks: ['dlg', { id: 'dlg', iterations: 5 }] },
      ['attacks[1]: has dlg a second time; leave one out'],
    ],
    [
      'empty lists',
      {
        defenses: [{ id: 'random', ratio: [] }],
        attacks: [],
        adversaries: [],
        seeds: [],
        probes: { localSteps: [], rounds: [] },
      },
      [
        'seeds: is an empty list; it needs 1 item or more',
        'probes.localSteps: is an empty list; it needs 1 item or more',
        'probes.rounds: is an empty list; it needs 1 item or more',
        'attacks: is an empty list; it needs 1 item or more',
        'adversaries: is an empty list; it needs 1 item or more',
        'defenses[0].ratio: is an empty list; write a value or at least one of them',
      ],
    ],
    [
      'more clients per round than clients',
      { federation: { clients: 10, clientsPerRound: 11 } },
      [
        "federation.clientsPerRound: 11 clients per round can't be drawn from 10; it must be at most 10",
      ],
    ],
    [
      'more clients per round than clients, with something else wrong in the section',
      { federation: { clients: 10, clientsPerRound: 11, localEpochs: 0 } },
      [
        'federation.localEpochs: is 0; it must be at least 1',
        "federation.clientsPerRound: 11 clients per round can't be drawn from 10; it must be at most 10",
      ],
    ],
    [
      'a probe after the last round',
      { federation: { rounds: 3 }, probes: { rounds: ['first', 4] } },
      ['probes.rounds[1]: there is no round 4; write 1 to 3, first or last'],
    ],
    [
      'a round that is none',
      { probes: { rounds: ['middle'] } },
      ['probes.rounds[0]: is "middle"; it must be the number of a round, first or last'],
    ],
    ['repeated seeds', { seeds: [4, 4] }, ['seeds[1]: has 4 a second time; leave one out']],
    [
      'texts where lists should be',
      { defenses: '', attacks: 'dlg', probes: { localSteps: '' } },
      [
        'probes.localSteps: is ""; it must be a list',
        'defenses: is ""; it must be a list',
        'attacks: is "dlg"; it must be a list',
      ],
    ],
    [
      'fractions of clients',
      { federation: { clientsPerRound: 2.5 } },
      ['federation.clientsPerRound: is 2.5; it must be a whole number'],
    ],
    [
      'a list that is too short and a text that is too long',
      { title: '', defenses: [{ id: 'tags', names: ['a'], motto: 'too many letters' }] },
      [
        'title: is ""; it needs 1 character or more',
        'defenses[0].names: is a list; it needs 2 items or more',
        'defenses[0].motto: is "too many letters"; it may have 5 characters at most',
      ],
    ],
    [
      'an unknown partition',
      { federation: { partition: 'dirichlet' } },
      [
        'federation.partition: is "dirichlet"; it must be iid, natural or {kind: dirichlet, alpha: 1}',
      ],
    ],
    [
      'an α of zero',
      { federation: { partition: { kind: 'dirichlet', alpha: 0 } } },
      ['federation.partition.alpha: is 0; it must be more than 0'],
    ],
    [
      'an α where there is none',
      { federation: { partition: { kind: 'iid', alpha: 1 } } },
      ['federation.partition.alpha: has no meaning here; leave it out'],
    ],
    [
      'a kind of partition that is none',
      { federation: { partition: { kind: 'sorted' } } },
      ['federation.partition.kind: is "sorted"; it must be one of iid, natural, dirichlet'],
    ],
    [
      'a bandwidth without unit',
      { network: { bandwidth: 100 } },
      [
        'network.bandwidth: is 100; it must be a positive number with its unit, like 100 Mbit/s or 15.6 MB/s',
      ],
    ],
    [
      'a name that is no folder',
      { name: '../up' },
      [
        'name: is "../up"; it must be usable as a folder name: letters, digits, dots, dashes and underscores',
      ],
    ],
    [
      'more samples than there are',
      { dataset: { id: 'mnist', limit: 70_000, testLimit: 20_000 } },
      [
        'dataset.limit: is 70000; mnist has 60000 training samples, so it must be at most 60000',
        'dataset.testLimit: is 20000; mnist has 10000 test samples, so it must be at most 10000',
      ],
    ],
    [
      'more clients and shadow samples than samples',
      { dataset: { id: 'mnist', limit: 150 } },
      [
        "federation.clients: 100 clients can't share 75 samples (half of the 150 training samples is held out); it must be at most 75",
        'membership.shadowSamples: 1000 shadow samples and 4 probe images leave no non-member among the 75 held-out samples (half of 150); together they must be less than 75',
      ],
    ],
    [
      'natural clients where samples belong to nobody',
      { federation: { clients: 10, clientsPerRound: 2, partition: 'natural' } },
      [
        "federation.partition: mnist doesn't say which samples belong together; use iid or dirichlet",
      ],
    ],
    [
      'a model that does not take the images',
      { model: 'dlg-lenet-cifar100' },
      [
        'model: dlg-lenet-cifar100 takes inputs of 32 × 32 × 3 in 100 classes and mnist has 28 × 28 × 1 in 10; use lenet-5',
      ],
    ],
    [
      'a reconstruction attack without images',
      { attacks: ['dlg'], probes: { images: 0 } },
      ['attacks[0]: dlg needs probe images; set probes.images to at least 1'],
    ],
    [
      'aggregates too large to take apart',
      {
        dataset: { id: 'mnist', limit: 10_001 },
        federation: { clients: 50, clientsPerRound: 3 },
        probes: { of: 'aggregate' },
      },
      [
        'probes.of: an aggregate of 3 clients holds some 300 samples, too many to take apart; with fewer federation.clientsPerRound, more federation.clients or a smaller dataset.limit it must be at most 256',
      ],
    ],
    [
      'an attack that no chosen adversary can carry out',
      { attacks: ['dlg'], adversaries: ['stale'] },
      ['attacks[0]: dlg works for none of the chosen adversaries; add one of mask-aware, oracle'],
    ],
    [
      'something that is no defense',
      { defenses: [3, { ratio: 1 }] },
      [
        'defenses[0]: is 3; it must be an id, or an id with parameters like {id: random, ratio: 0.05}',
        'defenses[1].id: is missing; it must be a text',
      ],
    ],
    [
      'a grid that never ends',
      {
        defenses: [
          {
            id: 'window',
            from: Array.from({ length: 100 }, (_, at) => at),
            to: Array.from({ length: 100 }, (_, at) => 100 + at),
          },
        ],
      },
      ['defenses[0]: spans 10000 combinations of values; at most 1000 make a grid'],
    ],
  ])('is told of %s', (_, changes, expected) => {
    expect(wrong(changes).sort()).toEqual([...expected].sort());
  });

  it('is told what is missing altogether', () => {
    const validation = validate({}, catalogue, 'test');
    expect('findings' in validation && validation.findings.map(({ path }) => path[0])).toEqual([
      'dataset',
      'model',
      'defenses',
      'attacks',
    ]);
  });

  it.each([[null], ['text'], [[1]], [3], [undefined]])(
    '%j is no specification at all',
    (written) => {
      const validation = validate(written, catalogue, 'test');
      expect('findings' in validation && validation.findings[0]?.message).toMatch(
        /it must be a section of keys and values/,
      );
    },
  );

  it('never makes validation crash, and is never passed on with a finding', () => {
    const names = ['also', 'id', 'ratio', '__proto__', 'constructor'];
    const keys = [...Object.keys(valid(minimal)), ...names];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('none', 'random', 'dlg', 'mnist', 'first', 'iid', '100 Mbit/s', 0.5),
        fc.jsonValue({ maxDepth: 1 }),
        fc.constant(undefined),
        fc.double(),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('any'), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }),
        fc.boolean(),
        (changes, onTop) => {
          const validation = validate(onTop ? { ...minimal, ...changes } : changes, catalogue, 'x');
          if ('findings' in validation) {
            expect(validation.findings.length).toBeGreaterThan(0);
            for (const { message } of validation.findings)
              expect(message).toMatch(/;|: |is not a known key/);
          } else expect(validation.specification.defenses.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
