import { z } from 'zod';
import { closest, didYouMean } from '../platform/did-you-mean.ts';
import type { Finding, SpecPath } from './problems.ts';

type Issue = z.core.$ZodIssue;

/** Says in plain sentences what a schema found wrong with a value. */
export function findingsOf(error: z.ZodError, schema: z.ZodType, value: unknown): Finding[] {
  const mistyped = new Set(
    error.issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join()),
  );
  // zod measures the length of a text that should have been a list, too.
  return error.issues
    .filter(({ code, path }) => code === 'invalid_type' || !mistyped.has(path.join()))
    .flatMap((issue) => explain(issue, schema, value));
}

function explain(issue: Issue, schema: z.ZodType, root: unknown): Finding[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKey(key, known),
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_union') {
    const branch = meantBranch(issue.errors);
    if (branch)
      return branch.flatMap((inner) =>
        explain({ ...inner, path: [...issue.path, ...inner.path] }, schema, root),
      );
  }
  return [{ path, message: sentence(issue, valueAt(root, path)) }];
}

function unknownKey(key: string, known: readonly string[]): string {
  if (known.includes(key)) return 'has no meaning here; leave it out';
  return `is not a known key; ${didYouMean(key, known)}`;
}

/** The alternative whose outside fits: what is wrong then is inside it. */
function meantBranch(errors: readonly Issue[][]): Issue[] | undefined {
  return errors.find(
    (branch) =>
      branch.length > 0 &&
      branch.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'),
  );
}

function sentence(issue: Issue, value: unknown): string {
  const isNow = value === undefined ? 'is missing' : `is ${show(value)}`;
  if (!ZOD_DEFAULT.test(issue.message)) {
    const { message } = issue;
    return `${isNow}; ${message.startsWith('must ') ? 'it ' : ''}${message}`;
  }
  switch (issue.code) {
    case 'invalid_type':
      return `${isNow}; it must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value': {
      const options = issue.values.map(String);
      const guess = typeof value === 'string' ? closest(value, options) : undefined;
      const choice = options.length === 1 ? options[0] : `one of ${options.join(', ')}`;
      return `${isNow}; it must be ${choice}${guess === undefined ? '' : ` (did you mean "${guess}"?)`}`;
    }
    case 'too_small': {
      const { origin, minimum, inclusive } = issue;
      if (origin in PARTS) return `${isNow}; it needs ${parts(origin, minimum)} or more`;
      return `${isNow}; it must be ${inclusive === false ? 'more than' : 'at least'} ${minimum}`;
    }
    case 'too_big': {
      const { origin, maximum, inclusive } = issue;
      if (origin in PARTS) return `${isNow}; it may have ${parts(origin, maximum)} at most`;
      return `${isNow}; it must be ${inclusive === false ? 'less than' : 'at most'} ${maximum}`;
    }
    case 'invalid_union':
      if ('options' in issue && issue.options)
        return `${isNow}; it must be one of ${issue.options.map(String).join(', ')}`;
      return `${isNow}, which fits none of the alternatives`;
    default:
      return `${isNow}: ${issue.message}`;
  }
}

/** Messages nobody wrote for this schema. */
const ZOD_DEFAULT = /^(Invalid|Too (small|big)|Unrecognized|Custom)/;

const PARTS: Readonly<Record<string, string>> = { array: 'item', string: 'character' };

function parts(origin: string, count: number | bigint): string {
  return `${count} ${PARTS[origin]}${Number(count) === 1 ? '' : 's'}`;
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section of keys and values',
  record: 'a section of keys and values',
};

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null) return 'empty';
  if (typeof value === 'object') return 'a section';
  if (typeof value === 'function') return 'a function';
  return shorten(String(value));
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(root: unknown, path: SpecPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    root,
  );
}

/** The keys a schema knows at a path, over all alternatives. */
function keysAt(schema: unknown, path: SpecPath): string[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion)
    return [...new Set(schema.options.flatMap((option) => keysAt(option, path)))];
  if (schema instanceof z.ZodArray) return keysAt(schema.element, path.slice(1));
  if (!(schema instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  return key === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[key], rest);
}
