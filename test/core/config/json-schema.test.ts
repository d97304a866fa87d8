/** The JSON Schema of the configuration: the options of each plugin stand under its name. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configurationJsonSchema } from '../../../core/config/json-schema.ts';
import { domainName, secret, size } from '../../../core/plugin/option-types.ts';

interface Tree extends z.ZodType {}
const tree: Tree = z.lazy(() => z.strictObject({ name: z.string(), below: z.array(tree).optional() }));

const PLUGINS = [
  {
    use: 'relay-policy',
    summary: 'Says for whom.',
    options: z.strictObject({
      domain: domainName().meta({ description: 'Ours.' }),
      limit: size().prefault('1 MiB'),
      password: secret().optional(),
    }),
  },
  { use: './filters/mine.ts', summary: null, options: z.strictObject({ rules: z.array(tree).default([]) }) },
  { use: '@me/plain', summary: null, options: null },
  { use: '-me-plain', summary: null, options: z.strictObject({ it: tree.meta({ id: 'tree' }) }) },
];

/** Follows a path through the schema, and references on the way. */
function at(schema: unknown, ...path: readonly (string | number)[]): unknown {
  const root = schema;
  const follow = (value: unknown): unknown => {
    const reference = (value as { $ref?: string } | undefined)?.$ref;
    if (reference === undefined) return value;
    return reference === '#' ? root : walk(root, reference.slice(2).split('/'));
  };
  const walk = (from: unknown, parts: readonly (string | number)[]): unknown =>
    parts.reduce<unknown>(
      (value, part) => (follow(value) as Record<string | number, unknown> | undefined)?.[part],
      from,
    );
  return follow(walk(root, path));
}

/** The schema that the options of a plugin must follow. */
function optionsOf(schema: unknown, use: string) {
  const branches = at(schema, 'properties', 'plugins', 'items', 'allOf') as {
    if: { properties: { use: { const: string } } };
    then: { properties: { options: { $ref: string } }; required?: readonly string[] };
  }[];
  const branch = branches.find(one => one.if.properties.use.const === use) ?? expect.fail(`no branch for ${use}`);
  const path = branch.then.properties.options.$ref.slice(2).split('/');
  return { path, required: branch.then.required !== undefined, schema: at(schema, ...path) };
}

/** Every reference in a schema. */
function references(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => (key === '$ref' ? [String(value)] : references(value)));
}

const schema = configurationJsonSchema(PLUGINS);

describe('options', () => {
  test('keep their descriptions and defaults', () => {
    const { schema: options } = optionsOf(schema, 'relay-policy');
    expect(options).toMatchObject({
      description: 'Says for whom.',
      additionalProperties: false,
      required: ['domain'],
      properties: {
        domain: { type: 'string', description: 'Ours.' },
        limit: { default: '1 MiB', anyOf: [{ type: 'integer' }, { type: 'string' }] },
        password: { type: 'string', description: 'A secret: write !secret FILE or !env NAME.' },
      },
    });
  });

  test('are required where a plugin cannot do without', () => {
    expect(PLUGINS.map(({ use }) => optionsOf(schema, use).required)).toEqual([true, false, false, true]);
  });

  test('of a plugin that takes none are none', () => {
    expect(optionsOf(schema, '@me/plain').schema).toMatchObject({ maxProperties: 0 });
  });

  test('may refer to themselves: every reference leads somewhere', () => {
    const all = references(schema);
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter(reference => at(schema, ...reference.slice(2).split('/')) === undefined)).toEqual([]);
    const { path } = optionsOf(schema, './filters/mine.ts');
    const rule = at(schema, ...path, 'properties', 'rules', 'items');
    expect(rule).toMatchObject({ required: ['name'], properties: { below: { type: 'array' } } });
    const below = (rule as { properties: { below: { items: { $ref: string } } } }).properties.below.items.$ref;
    expect(at(schema, ...below.slice(2).split('/'))).toBe(rule);
  });

  test('of plugins whose names look alike are kept apart', () => {
    const places = PLUGINS.map(({ use }) => optionsOf(schema, use).path.join('/'));
    expect(new Set(places).size).toBe(PLUGINS.length);
  });
});

describe('the file', () => {
  test('is described, with its defaults', () => {
    expect(at(schema, 'properties', 'listeners', 'items', 'properties', 'maxSize')).toMatchObject({
      default: '25 MiB',
      description: expect.any(String),
    });
    expect(schema).toMatchObject({ required: ['hostname', 'listeners', 'plugins'], additionalProperties: false });
  });

  test('every key has a description', () => {
    const silent: string[] = [];
    const look = (value: unknown, path: string) => {
      const { properties, items } = (value ?? {}) as { properties?: Record<string, unknown>; items?: unknown };
      for (const [key, child] of Object.entries(properties ?? {})) {
        const described = 'description' in (child as object) || references(child).length > 0;
        if (!described) silent.push(`${path}.${key}`);
        look(child, `${path}.${key}`);
      }
      if (items !== undefined) look(items, `${path}[]`);
    };
    look(schema, '');
    look(at(schema, 'definitions', 'condition'), 'when');
    expect(silent).toEqual([]);
  });

  test('use: takes the names that are known, with what they do, and any other', () => {
    expect(at(schema, 'properties', 'plugins', 'items', 'properties', 'use', 'anyOf')).toEqual([
      { const: 'relay-policy', description: 'Says for whom.' },
      { const: './filters/mine.ts' },
      { const: '@me/plain' },
      { const: '-me-plain' },
      { type: 'string', minLength: 1 },
    ]);
  });

  test('without plugins it is a schema all the same', () => {
    expect(at(configurationJsonSchema([]), 'properties', 'plugins', 'items')).not.toHaveProperty('allOf');
  });
});
