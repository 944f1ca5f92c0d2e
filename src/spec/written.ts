import { z } from 'zod';
import { parseBandwidth } from './bandwidth.ts';

const count = () => z.int().min(1);
const WITH_UNIT = 'must be a positive number with its unit, like 100 Mbit/s or 15.6 MB/s';

/** A defense or attack as it is written: `none`, or `{ id: random, ratio: [0.05, 0.25] }`. */
export const writtenUse = z.union([z.string(), z.looseObject({ id: z.string() })], {
  error: 'must be an id, or an id with parameters like {id: random, ratio: 0.05}',
});
export type WrittenUse = z.infer<typeof writtenUse>;

/** A data set and how much of it. */
interface DatasetUse {
  readonly id: string;
  readonly limit?: number | undefined;
  readonly testLimit?: number | undefined;
}

const dataset = z
  .union(
    [
      z.string().transform((id): DatasetUse => ({ id })),
      z.strictObject({
        id: z.string().describe('Data set (hefl list datasets).'),
        limit: count()
          .optional()
          .describe('Use only so many training samples, the same ones for every seed.'),
        testLimit: count().optional().describe('Measure accuracy on only so many test samples.'),
      }),
    ],
    { error: 'must be an id, or an id with limits like {id: mnist, limit: 10000}' },
  )
  .describe('Data set by id, or {id, limit, testLimit}. Half of the training samples is held out.');

const partition = z
  .union(
    [
      z.literal('iid').transform(() => ({ kind: 'iid' as const })),
      z.literal('natural').transform(() => ({ kind: 'natural' as const })),
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('iid') }),
        z.strictObject({ kind: z.literal('natural') }),
        z.strictObject({
          kind: z.literal('dirichlet'),
          alpha: z.number().positive().describe('The smaller, the fewer classes per client.'),
        }),
      ]),
    ],
    { error: 'must be iid, natural or {kind: dirichlet, alpha: 1}' },
  )
  .prefault('iid')
  .describe(
    "How members are dealt out: iid, per class in Dirichlet proportions, or as the data set's own clients.",
  );

/** A file with the parameters that training starts from. */
interface CheckpointUse {
  readonly file: string;
  readonly sha256?: string | undefined;
}

const checkpoint = z
  .union(
    [
      z
        .string()
        .min(1)
        .transform((file): CheckpointUse => ({ file })),
      z.strictObject({
        file: z.string().min(1).describe('Relative to this file.'),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hexadecimal digits' })
          .optional()
          .describe('What the file must be.'),
      }),
    ],
    {
      error:
        'must be a file, or a file with its checksum like {file: model.safetensors, sha256: …}',
    },
  )
  .optional()
  .describe('A safetensors file to start from instead of random parameters; language models.');

const pretraining = z
  .strictObject({
    dataset: z
      .string()
      .describe(
        "Public data that fits the model (hefl list datasets); the experiment's own data set means samples that its limit leaves out.",
      ),
    samples: count().optional().describe('Use only so many; by default all there are.'),
    epochs: count().default(1).describe('Passes over the public data.'),
    batchSize: count().default(16).describe('Samples per step of SGD.'),
    learningRate: z.number().positive().default(0.05).describe('Step size of SGD.'),
  })
  .optional()
  .describe('Public training before the federation begins, once per seed for all defenses.');

const probability = (what: string) => z.number().min(0).max(1).default(0).describe(what);

const dropout = z
  .strictObject({
    beforeUpload: probability('After training: nothing of the client reaches the server.'),
    afterUpload: probability('Its upload counts, but it decrypts nothing.'),
    beforeDecryption: probability('It received the aggregate, but does not help to decrypt it.'),
  })
  .refine(
    ({ beforeUpload, afterUpload, beforeDecryption }) =>
      beforeUpload + afterUpload + beforeDecryption <= 1,
    { error: 'has probabilities that add up to more than 1' },
  )
  .prefault({})
  .describe('Probability that a client falls out of a round it was drawn for, by stage.');

const federation = z.strictObject({
  clients: count().default(100).describe('Number of clients.'),
  clientsPerRound: count().default(20).describe('Clients drawn in each round.'),
  rounds: count().default(10).describe('Rounds of federated averaging.'),
  localEpochs: count().default(5).describe('Passes over its data a client makes in a round.'),
  batchSize: count().default(32).describe('Samples per step of SGD.'),
  learningRate: z.number().positive().default(0.01).describe('Step size of SGD.'),
  partition,
  proximal: z.number().min(0).default(0).describe('μ of FedProx; 0 is plain SGD.'),
  weighting: z
    .enum(['samples', 'uniform'])
    .default('samples')
    .describe('How clients are weighted in the mean: by their numbers of samples, or all alike.'),
  dropout,
  trajectory: z
    .enum(['shared', 'independent'])
    .default('shared')
    .describe('shared: defenses that do not change training run on one recorded training.'),
});

/** The counts alone: they can be compared with each other while other keys are still wrong. */
export const federationCounts = federation
  .pick({ clients: true, clientsPerRound: true, rounds: true, batchSize: true })
  .strip();

const membership = z.strictObject({
  victims: count().default(5).describe('Victim clients, drawn among those that took part.'),
  candidatesPerVictim: count()
    .default(100)
    .describe('Members, and as many non-members, asked about per victim; at most.'),
  shadowSamples: count().default(1000).describe("Size of the attacker's own data."),
});

const probes = z.strictObject({
  images: z
    .int()
    .min(0)
    .default(4)
    .describe(
      'Images that reconstruction attacks are tried on; each trained on by a probe client.',
    ),
  imagesPerClient: count()
    .default(1)
    .describe('Images in the local set of one probe client, all in one batch: more are harder.'),
  localSteps: z
    .array(count())
    .min(1)
    .default([1, 5])
    .describe(
      'Steps of SGD a probe client makes on its images; one probe per local set and value.',
    ),
  rounds: z
    .array(
      z.union([count(), z.enum(['first', 'last'])], {
        error: 'must be the number of a round, first or last',
      }),
    )
    .min(1)
    .default(['first', 'last'])
    .describe('Rounds in which probes take part: numbers, first, last; dealt out in turn.'),
  of: z
    .enum(['client', 'aggregate'])
    .default('client')
    .describe(
      'What is reconstructed: each probe client by itself, or all images of these rounds from the aggregates, ordinary clients included (few, small clients).',
    ),
});

/** One experiment as a person writes it. The descriptions are shown by editors (`hefl schema`). */
export const writtenExperiment = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
      error: 'must be usable as a folder name: letters, digits, dots, dashes and underscores',
    })
    .optional()
    .describe('Folder under runs/; the file name by default.'),
  title: z.string().min(1).optional().describe('Headline of the report; the name by default.'),
  seeds: z
    .union([count().max(1000), z.array(z.int().min(0)).min(1)], {
      error: 'must be a number of seeds (3), at most 1000, or a list of them ([1, 2, 3])',
    })
    .default(1)
    .describe('Number of seeds (1, 2, …) or a list of them; a published claim needs five.'),
  dataset,
  model: z.string().describe('Model by id (hefl list models).'),
  checkpoint,
  pretraining,
  federation: federation.prefault({}).describe('How the federation trains.'),
  membership: membership.prefault({}).describe('What membership attacks are asked.'),
  probes: probes.prefault({}).describe('What reconstruction attacks are asked.'),
  defenses: z
    .array(writtenUse)
    .min(1)
    .describe('Defenses to compare; a list of values for a parameter spans the grid.'),
  attacks: z.array(writtenUse).min(1).describe('Attacks to try; each at most once.'),
  adversaries: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'What the attacker knows of encrypted coordinates (hefl list adversaries); by default all but controls, collusion:<number of clients> and in-the-loop.',
    ),
  plugins: z
    .array(z.string().min(1))
    .default([])
    .describe('Modules with defenses or attacks of your own, relative to this file.'),
  network: z
    .strictObject({
      bandwidth: z
        .string({ error: WITH_UNIT })
        .refine((text) => parseBandwidth(text) !== undefined, { error: WITH_UNIT })
        .default('100 Mbit/s')
        .describe('Bandwidth between client and server: bit/s, kbit/s, Mbit/s, Gbit/s, or B/s …'),
    })
    .prefault({})
    .describe('The simulated network.'),
  limits: z
    .strictObject({
      cellSeconds: z
        .number()
        .positive()
        .default(3600)
        .describe('A cell (one defense, one seed) that takes longer is stopped.'),
    })
    .prefault({})
    .describe('When to give up.'),
});

/** A whole file: an experiment, and others that stand in the same report. */
export const writtenSpecification = writtenExperiment.extend({
  also: z
    .array(writtenExperiment.omit({ plugins: true }).partial())
    .optional()
    .describe(
      'Further experiments in the same run and report, on other data say. Each takes over the sections it does not write itself, but not name and title.',
    ),
});

/** What `defineExperiment` takes. */
export type ExperimentInput = z.input<typeof writtenSpecification>;
export type WrittenExperiment = z.output<typeof writtenExperiment>;
