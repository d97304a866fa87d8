/**
 * The JSON Schema of the whole configuration, with the options of each plugin under its name in `use:`.
 *
 * Editors (`# yaml-language-server: $schema=`) complete and check with it. Draft 7, because that is what they know.
 */
import { z } from 'zod';
import { forEditors, includable, type Json, type JsonObject } from './for-editors.ts';
import { fileSchema } from './schema.ts';

/** A plugin whose options are to be in the schema. */
export interface DescribedPlugin {
  /** As in `use:`. */
  readonly use: string;
  readonly summary: string | null;
  /** `null`: it takes none. */
  readonly options: z.ZodType | null;
}

/** Lists that one may want to have in a file of their own. */
const LISTS = ['listeners', 'plugins', 'routes'] as const;

/** A mapping first: that is what nearly all options are. */
const ANYTHING = ['object', 'array', 'string', 'number', 'boolean', 'null'] as const;

/** The schema of a configuration that may use these plugins, and any other. */
export function configurationJsonSchema(plugins: readonly DescribedPlugin[]): JsonObject {
  const file = jsonSchema(fileSchema);
  const definitions = { ...objectAt(file, 'definitions') };
  const entry = objectAt(objectAt(objectAt(file, 'properties'), 'plugins'), 'items');
  const use = objectAt(objectAt(entry, 'properties'), 'use');
  const branches: Json[] = [];
  for (const plugin of plugins) {
    const name = definitionName(plugin.use, definitions);
    const options = optionsSchema(plugin, name);
    definitions[name] = options;
    branches.push({
      // Without the type, nothing at all is a plugin of every kind to an editor.
      if: { type: 'object', properties: { use: { const: plugin.use } }, required: ['use'] },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
      then: thenOf(options, name),
    });
  }
  // Draft 7 knows no empty list here.
  if (branches.length > 0) entry.allOf = branches;
  const keys = objectAt(entry, 'properties');
  // Else an editor offers `options` without a colon.
  keys.options = { ...objectAt(keys, 'options'), type: [...ANYTHING] };
  keys.use = {
    description: use.description,
    anyOf: [
      ...plugins.map(({ use, summary }) => ({ const: use, ...(summary === null ? {} : { description: summary }) })),
      { type: 'string', minLength: 1 },
    ],
  };
  const properties = objectAt(file, 'properties');
  for (const list of LISTS) properties[list] = includable(objectAt(properties, list));
  return { ...file, definitions };
}

/** Options are required where one of them is. */
function thenOf(options: JsonObject, name: string): Json {
  const needed = Array.isArray(options.required) && options.required.length > 0;
  return { properties: { options: { $ref: pointer(name) } }, ...(needed ? { required: ['options'] } : {}) };
}

function optionsSchema({ use, summary, options }: DescribedPlugin, name: string): JsonObject {
  if (options === null) return { description: `${use} takes no options.`, type: ['object', 'null'], maxProperties: 0 };
  const schema = rerooted(jsonSchema(options), pointer(name)) as JsonObject;
  delete schema.$schema;
  return { ...(summary === null ? {} : { description: summary }), ...schema };
}

function jsonSchema(schema: z.ZodType): JsonObject {
  const written = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: written }) => {
      // zod leaves the examples of what it transforms out, for they might be of the result. Ours are as one writes them.
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) written.examples = examples;
    },
  }) as unknown as JsonObject;
  return forEditors(written);
}

/** A schema that becomes a part of another one: its references to itself have to start further down. */
function rerooted(schema: Json, root: string): Json {
  if (Array.isArray(schema)) return schema.map((one: Json) => rerooted(one, root));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema as JsonObject).map(([key, value]) => {
      const isOwn = key === '$ref' && typeof value === 'string' && value.startsWith('#');
      return [key, isOwn ? `${root}${value.slice(1)}` : rerooted(value, root)];
    }),
  );
}

/** A name that needs no escaping in a reference, and that no other definition has. */
function definitionName(use: string, taken: Readonly<Record<string, unknown>>): string {
  const name = `options-of-${use.replaceAll(/[^\w.-]+/g, '-')}`;
  return name in taken ? definitionName(`${use}-`, taken) : name;
}

function pointer(definition: string): string {
  return `#/definitions/${definition}`;
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return value as JsonObject;
}
