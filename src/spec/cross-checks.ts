import { didYouMean } from '../platform/did-you-mean.ts';
import type { Catalogue, Samples } from './catalogue.ts';
import type { Finding, SpecPath } from './problems.ts';
import { federationCounts, writtenExperiment, writtenUse } from './written.ts';

const { shape } = writtenExperiment;

/**
 * What no section can tell by itself. Every check is made as soon as the sections it needs are valid,
 * so that one mistake doesn't hide another.
 */
export function crossFindings(written: unknown, catalogue: Catalogue): Finding[] {
  const sections: Sections = typeof written === 'object' && written !== null ? { ...written } : {};
  return [
    ...unknownIds(sections, catalogue),
    ...repeated(sections),
    ...rounds(sections),
    ...unfitModel(sections, catalogue),
    ...sampleCounts(sections, catalogue),
    ...publicData(sections, catalogue),
    ...unfitCheckpoint(sections, catalogue),
    ...naturalClients(sections, catalogue),
    ...largeAggregates(sections, catalogue),
    ...idleAttacks(sections, catalogue),
  ];
}

type Sections = Readonly<Partial<Record<keyof typeof shape, unknown>>>;

/** A section's value with defaults, or undefined while it is invalid. */
function section<K extends keyof typeof shape>(sections: Sections, key: K) {
  const parsed = shape[key].safeParse(sections[key]);
  return parsed.success ? (parsed.data as ReturnType<(typeof shape)[K]['parse']>) : undefined;
}

function counts(sections: Sections) {
  return federationCounts.safeParse(sections.federation ?? {}).data;
}

/** Known as soon as it is written, whatever else is wrong with the section. */
function datasetId({ dataset }: Sections): string | undefined {
  const use = writtenUse.safeParse(dataset).data;
  return typeof use === 'string' ? use : use?.id;
}

function unknownIds(sections: Sections, catalogue: Catalogue): Finding[] {
  const check = (what: string, id: string | undefined, ids: readonly string[], path: SpecPath) =>
    id === undefined || ids.includes(id)
      ? []
      : [{ path, message: `there is no ${what} "${id}"; ${didYouMean(id, ids)}` }];
  const idsOf = (known: readonly { readonly id: string }[]) => known.map(({ id }) => id);
  return [
    ...check(
      'data set',
      datasetId(sections),
      idsOf(catalogue.datasets),
      typeof sections.dataset === 'string' ? ['dataset'] : ['dataset', 'id'],
    ),
    ...check('model', section(sections, 'model'), idsOf(catalogue.models), ['model']),
    ...(section(sections, 'adversaries') ?? []).flatMap((name, at) => {
      const known = catalogue.adversaries.map(({ id, counted }) => (counted ? `${id}:1` : id));
      return adversaryOf(name, catalogue)
        ? []
        : check('adversary', name, known, ['adversaries', at]);
    }),
  ];
}

/** What a name stands for: `stale`, or `collusion` for `collusion:2`; undefined: there is none such. */
function adversaryOf(name: string, { adversaries }: Catalogue): string | undefined {
  const [id, ...number] = name.split(':');
  const known = adversaries.find((one) => one.id === id);
  const isRight = known?.counted
    ? number.length === 1 && /^[1-9]\d{0,3}$/.test(number[0] ?? '')
    : number.length === 0;
  return isRight ? known?.id : undefined;
}

function repeated(sections: Sections): Finding[] {
  const seeds = section(sections, 'seeds');
  const lists: [SpecPath, readonly unknown[]][] = [
    [['seeds'], Array.isArray(seeds) ? seeds : []],
    [['adversaries'], section(sections, 'adversaries') ?? []],
    [['probes', 'localSteps'], section(sections, 'probes')?.localSteps ?? []],
    [['probes', 'rounds'], section(sections, 'probes')?.rounds ?? []],
    [['plugins'], section(sections, 'plugins') ?? []],
  ];
  return lists.flatMap(([path, items]) =>
    items.flatMap((item, at) =>
      items.indexOf(item) === at
        ? []
        : [{ path: [...path, at], message: `has ${item} a second time; leave one out` }],
    ),
  );
}

function rounds(sections: Sections): Finding[] {
  const federation = counts(sections);
  if (!federation) return [];
  const { clients, clientsPerRound, rounds: last } = federation;
  const findings: Finding[] = [];
  if (clientsPerRound > clients)
    findings.push({
      path: ['federation', 'clientsPerRound'],
      message: `${clientsPerRound} clients per round can't be drawn from ${clients}; it must be at most ${clients}`,
    });
  const perClient = section(sections, 'probes')?.imagesPerClient ?? 1;
  if (perClient > federation.batchSize)
    findings.push({
      path: ['probes', 'imagesPerClient'],
      message: `a probe client trains on one batch, and ${perClient} images are more than federation.batchSize, ${federation.batchSize}`,
    });
  section(sections, 'probes')?.rounds.forEach((round, at) => {
    if (typeof round === 'number' && round > last)
      findings.push({
        path: ['probes', 'rounds', at],
        message: `there is no round ${round}; write 1 to ${last}, first or last`,
      });
  });
  return findings;
}

function unfitModel(sections: Sections, catalogue: Catalogue): Finding[] {
  const dataset = catalogue.datasets.find(({ id }) => id === datasetId(sections));
  const model = catalogue.models.find(({ id }) => id === sections.model);
  if (!dataset || !model || fits(model, dataset)) return [];
  const needs = `${model.id} takes inputs of ${model.inputShape.join(' × ')} in ${model.classes} classes`;
  const has = `${dataset.id} has ${dataset.inputShape.join(' × ')} in ${dataset.classes}`;
  const fitting = catalogue.models.filter((other) => fits(other, dataset)).map(({ id }) => id);
  const choice = fitting.length === 0 ? 'no model fits it' : `use ${fitting.join(' or ')}`;
  return [{ path: ['model'], message: `${needs} and ${has}; ${choice}` }];
}

const fits = (model: Samples, dataset: Samples) =>
  model.inputShape.join() === dataset.inputShape.join() && model.classes === dataset.classes;

function sampleCounts(sections: Sections, catalogue: Catalogue): Finding[] {
  const dataset = section(sections, 'dataset');
  const known = catalogue.datasets.find(({ id }) => id === dataset?.id);
  if (!dataset || !known) return [];
  const { limit = known.trainSamples, testLimit = known.testSamples } = dataset;
  const tooMany = (key: string, asked: number, available: number, what: string): Finding[] =>
    asked <= available
      ? []
      : [
          {
            path: ['dataset', key],
            message: `is ${asked}; ${known.id} has ${available} ${what} samples, so it must be at most ${available}`,
          },
        ];
  const findings = [
    ...tooMany('limit', limit, known.trainSamples, 'training'),
    ...tooMany('testLimit', testLimit, known.testSamples, 'test'),
  ];
  if (findings.length > 0) return findings;

  const members = Math.floor(limit / 2);
  const heldOut = limit - members;
  const clients = counts(sections)?.clients ?? 0;
  if (clients > members)
    findings.push({
      path: ['federation', 'clients'],
      message: `${clients} clients can't share ${members} samples (half of the ${limit} training samples is held out); it must be at most ${members}`,
    });
  const images = section(sections, 'probes')?.images ?? 0;
  const shadow = section(sections, 'membership')?.shadowSamples ?? 0;
  if (images + shadow >= heldOut)
    findings.push({
      path: shadow > images ? ['membership', 'shadowSamples'] : ['probes', 'images'],
      message: `${shadow} shadow samples and ${images} probe images leave no non-member among the ${heldOut} held-out samples (half of ${limit}); together they must be less than ${heldOut}`,
    });
  return findings;
}

/** Pretraining on data that is there, fits, and is nobody's. */
function publicData(sections: Sections, catalogue: Catalogue): Finding[] {
  const use = section(sections, 'pretraining');
  if (!use) return [];
  const path = ['pretraining', 'dataset'];
  const known = catalogue.datasets.find(({ id }) => id === use.dataset);
  if (!known) {
    const ids = catalogue.datasets.map(({ id }) => id);
    return [
      { path, message: `there is no data set "${use.dataset}"; ${didYouMean(use.dataset, ids)}` },
    ];
  }
  const model = catalogue.models.find(({ id }) => id === sections.model);
  if (model && !fits(model, known)) {
    const fitting = catalogue.datasets.filter((other) => fits(model, other)).map(({ id }) => id);
    return [{ path, message: `${known.id} does not fit ${model.id}; use ${fitting.join(' or ')}` }];
  }
  const own = section(sections, 'dataset');
  const isOwn = own?.id === known.id;
  const available = known.trainSamples - (isOwn ? (own.limit ?? known.trainSamples) : 0);
  if (available <= 0)
    return [
      {
        path,
        message: `the experiment uses all of ${known.id}, so that none of it is public; lower dataset.limit or pretrain on other data`,
      },
    ];
  if ((use.samples ?? 1) <= available) return [];
  const left = isOwn ? ' that the experiment does not use' : '';
  return [
    {
      path: ['pretraining', 'samples'],
      message: `is ${use.samples}; ${known.id} has ${available} training samples${left}, so it must be at most ${available}`,
    },
  ];
}

function unfitCheckpoint(sections: Sections, catalogue: Catalogue): Finding[] {
  const model = catalogue.models.find(({ id }) => id === sections.model);
  if (sections.checkpoint === undefined || !model || model.language) return [];
  const ids = catalogue.models.filter(({ language }) => language).map(({ id }) => id);
  return [
    {
      path: ['checkpoint'],
      message: `${model.id} can't be read from a checkpoint; ${ids.join(', ') || 'no model'} can`,
    },
  ];
}

function naturalClients(sections: Sections, catalogue: Catalogue): Finding[] {
  const known = catalogue.datasets.find(({ id }) => id === datasetId(sections));
  const federation = section(sections, 'federation');
  if (!known || known.naturalClients || federation?.partition.kind !== 'natural') return [];
  const having = catalogue.datasets.filter((other) => other.naturalClients).map(({ id }) => id);
  const choice = having.length === 0 ? '' : `, or a data set that does: ${having.join(', ')}`;
  return [
    {
      path: ['federation', 'partition'],
      message: `${known.id} doesn't say which samples belong together; use iid or dirichlet${choice}`,
    },
  ];
}

/** Images that attacks are asked to take apart at once, at most. */
const LARGEST_AGGREGATE = 256;

function largeAggregates(sections: Sections, catalogue: Catalogue): Finding[] {
  const probes = section(sections, 'probes');
  const dataset = section(sections, 'dataset');
  const federation = counts(sections);
  const known = catalogue.datasets.find(({ id }) => id === dataset?.id);
  if (probes?.of !== 'aggregate' || !federation || !known) return [];
  const { clients, clientsPerRound } = federation;
  const members = Math.floor((dataset?.limit ?? known.trainSamples) / 2);
  const images = Math.ceil((clientsPerRound * members) / clients);
  if (images <= LARGEST_AGGREGATE) return [];
  return [
    {
      path: ['probes', 'of'],
      message: `an aggregate of ${clientsPerRound} clients holds some ${images} samples, too many to take apart; with fewer federation.clientsPerRound, more federation.clients or a smaller dataset.limit it must be at most ${LARGEST_AGGREGATE}`,
    },
  ];
}

/** Attacks that could never give a result here. */
function idleAttacks(sections: Sections, catalogue: Catalogue): Finding[] {
  const uses = Array.isArray(sections.attacks) ? sections.attacks : [];
  const chosen = section(sections, 'adversaries');
  const { images, of } = section(sections, 'probes') ?? {};
  return uses.flatMap((item: unknown, at): Finding[] => {
    const use = writtenUse.safeParse(item).data;
    const id = typeof use === 'string' ? use : use?.id;
    const attack = catalogue.attacks.find(({ meta }) => meta.id === id)?.meta;
    if (!attack) return [];
    const path = ['attacks', at];
    const asksProbes = attack.kind === 'reconstruction' || attack.kind === 'text';
    if (asksProbes && images === 0 && of === 'client')
      return [{ path, message: `${id} needs probe images; set probes.images to at least 1` }];
    const kinds = chosen?.map((name) => adversaryOf(name, catalogue));
    if (kinds && !attack.adversaries.some((adversary) => kinds.includes(adversary)))
      return [
        {
          path,
          message: `${id} works for none of the chosen adversaries; add one of ${attack.adversaries.join(', ')}`,
        },
      ];
    return [];
  });
}
