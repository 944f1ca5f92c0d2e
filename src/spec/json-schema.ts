import { z } from 'zod';
import type { Meta } from '../api/meta.ts';
import type { Catalogue } from './catalogue.ts';
import { writtenSpecification } from './written.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema (draft 7, which every editor knows) of the written form, ids and parameters included. */
export function specificationJsonSchema(catalogue: Catalogue): JsonSchema {
  const { properties, ...root } = toJsonSchema(writtenSpecification);
  const sections = properties as Readonly<Record<string, JsonSchema>>;
  const ids = (known: readonly { readonly id: string }[]) => known.map(({ id }) => id);
  const { also, ...first } = sections;
  const known: Readonly<Record<string, JsonSchema>> = {
    ...first,
    dataset: withIds(sections.dataset ?? {}, ids(catalogue.datasets)),
    pretraining: oneOf('dataset', sections.pretraining ?? {}, ids(catalogue.datasets)),
    model: { ...sections.model, enum: ids(catalogue.models) },
    adversaries: {
      ...sections.adversaries,
      items: adversaryNames(catalogue.adversaries),
    },
    defenses: { ...sections.defenses, items: uses(catalogue.defenses, true) },
    attacks: { ...sections.attacks, items: uses(catalogue.attacks, false) },
  };
  return {
    ...root,
    title: 'hefl-bench experiment',
    properties: { ...known, also: { ...also, items: otherExperiment(known) } },
  };
}

/** What it leaves out is taken over from the first, so that sections have no defaults here. */
function otherExperiment(sections: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { plugins: _, ...own } = sections;
  const properties = Object.entries(own).map(([key, { default: __, ...section }]) => [
    key,
    section,
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}

function adversaryNames(known: Catalogue['adversaries']): JsonSchema {
  const plain = known.filter(({ counted }) => !counted).map(({ id }) => id);
  const counted = known.filter((one) => one.counted).map(({ id }) => id);
  const names: JsonSchema = { type: 'string', enum: plain };
  return counted.length === 0
    ? names
    : { anyOf: [names, { type: 'string', pattern: `^(${counted.join('|')}):[1-9][0-9]{0,3}$` }] };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    // zod bounds every integer by 2^53 - 1, which tells a reader nothing.
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return json as JsonSchema;
}

/** `mnist` or `{ id: mnist, … }`, from the alternatives text and section. */
function withIds(dataset: JsonSchema, ids: readonly string[]): JsonSchema {
  const alternatives = dataset.anyOf as readonly JsonSchema[];
  return {
    ...dataset,
    anyOf: alternatives.map((alternative) =>
      alternative.type === 'string' ? { ...alternative, enum: ids } : oneOf('id', alternative, ids),
    ),
  };
}

/** A section one key of which is one of some names. */
function oneOf(key: string, section: JsonSchema, names: readonly string[]): JsonSchema {
  const properties = section.properties as Readonly<Record<string, JsonSchema>>;
  return { ...section, properties: { ...properties, [key]: { ...properties[key], enum: names } } };
}

/** An id, or an id with that plug-in's own parameters; in a grid each may be a list of values. */
function uses(known: Catalogue['defenses'], grid: boolean): JsonSchema {
  return {
    anyOf: [
      { type: 'string', enum: known.map(({ meta }) => meta.id) },
      ...known.map(({ meta }) => useOf(meta, grid)),
    ],
  };
}

function useOf(meta: Meta<unknown>, grid: boolean): JsonSchema {
  const { $schema: _, properties = {}, required = [], ...rest } = toJsonSchema(meta.params);
  const params = Object.entries(properties as Readonly<Record<string, JsonSchema>>);
  return {
    ...rest,
    description: `${meta.title}. ${meta.source}`,
    properties: {
      id: { const: meta.id, description: meta.title },
      ...Object.fromEntries(params.map(([key, param]) => [key, grid ? orList(param) : param])),
    },
    required: ['id', ...(required as readonly string[])],
  };
}

function orList(param: JsonSchema): JsonSchema {
  const { description, default: standard, ...value } = param;
  return {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    anyOf: [value, { type: 'array', items: value, minItems: 1 }],
  };
}
