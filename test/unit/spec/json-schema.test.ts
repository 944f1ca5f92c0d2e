import { describe, expect, it } from 'vitest';
import { type JsonSchema, specificationJsonSchema } from '../../../src/spec/json-schema.ts';
import { catalogue } from './catalogue.ts';

const schema = specificationJsonSchema(catalogue);
const sections = schema.properties as Readonly<Record<string, JsonSchema>>;

/** Every schema of a named key, with the path to it. */
function keys(part: unknown, path = ''): [string, JsonSchema][] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, inner]): [string, JsonSchema][] =>
    name === 'properties'
      ? Object.entries(inner as Readonly<Record<string, JsonSchema>>).flatMap(([key, value]) => [
          [`${path}.${key}`, value],
          ...keys(value, `${path}.${key}`),
        ])
      : keys(inner, path),
  );
}

describe('specificationJsonSchema', () => {
  it('knows every section, allows no other, and requires the four that have no default', () => {
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(schema.required).toEqual(['dataset', 'model', 'defenses', 'attacks']);
    expect(Object.keys(sections)).toContain('federation');
  });

  it('describes every key of the suite itself', () => {
    const undescribed = keys(schema)
      .filter(([path]) => !/^(\.also)?\.(defenses|attacks)\./.test(path))
      .filter(([path, value]) => !path.endsWith('.kind') && value.description === undefined)
      .map(([path]) => path);
    expect(undescribed).toEqual([]);
  });

  it('knows the same sections of further experiments, without defaults and none required', () => {
    const other = sections.also?.items as { properties: Readonly<Record<string, JsonSchema>> };
    const { plugins: _, also: __, ...own } = sections;
    expect(Object.keys(other.properties)).toEqual(Object.keys(own));
    expect(other).not.toHaveProperty('required');
    expect(other.properties.seeds).not.toHaveProperty('default');
    expect(other.properties.model).toEqual(sections.model);
  });

  it('offers the ids there are', () => {
    expect(sections.model).toMatchObject({ enum: ['lenet-5', 'dlg-lenet-cifar100'] });
    expect(sections.dataset).toMatchObject({
      anyOf: [
        { type: 'string', enum: ['mnist', 'synthetic-mnist'] },
        { properties: { id: { enum: ['mnist', 'synthetic-mnist'] } } },
      ],
    });
    expect(sections.pretraining).toMatchObject({
      properties: { dataset: { enum: ['mnist', 'synthetic-mnist'] } },
    });
    expect(sections.adversaries).toMatchObject({
      items: { enum: ['stale', 'global-fill', 'mask-aware', 'oracle'] },
    });
  });

  it("offers a defense's parameters, alone or in a list, with bounds and descriptions", () => {
    const items = sections.defenses?.items as { anyOf: readonly JsonSchema[] };
    const random = items.anyOf.find(
      ({ properties }) => (properties as { id?: JsonSchema } | undefined)?.id?.const === 'random',
    );
    const value = { type: 'number', minimum: 0, maximum: 1 };
    expect(random).toEqual({
      type: 'object',
      description: 'The random. Paper §1',
      additionalProperties: false,
      required: ['id', 'ratio'],
      properties: {
        id: { const: 'random', description: 'The random' },
        ratio: {
          description: 'encrypt ratio ρ',
          anyOf: [value, { type: 'array', items: value, minItems: 1 }],
        },
      },
    });
  });

  it("offers an attack's parameters as single values", () => {
    const items = sections.attacks?.items as { anyOf: readonly JsonSchema[] };
    expect(items.anyOf.at(-1)).toMatchObject({
      properties: { id: { const: 'dlg' }, iterations: { type: 'integer', default: 300 } },
      required: ['id'],
    });
  });
});
