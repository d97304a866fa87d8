/** Every option of every plugin that comes with the gateway says what it is for, and what may stand there. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../support/external.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

interface Option {
  readonly path: string;
  readonly schema: Schema;
}

/** A secret is written with a tag: JSON has no example of it. */
const SECRET = 'A secret: write !secret FILE or !env NAME.';

function* optionsIn(schema: Schema, root: Schema, path: string, depth = 0): Generator<Option> {
  const here = resolved(schema, root);
  // Match and do may hold each other.
  if (depth > 12) return;
  for (const [name, value] of Object.entries(here.properties ?? {})) {
    const option = resolved(value, root);
    yield { path: `${path}.${name}`, schema: option };
    yield* optionsIn(option, root, `${path}.${name}`, depth + 1);
  }
  const { items, additionalProperties, anyOf = [], oneOf = [], allOf = [] } = here;
  const inner = [items, typeof additionalProperties === 'object' ? additionalProperties : undefined];
  for (const one of [...inner, ...anyOf, ...oneOf, ...allOf]) {
    if (one !== undefined) yield* optionsIn(one, root, path, depth + 1);
  }
}

function resolved(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/definitions/', '');
  const named = name === undefined ? undefined : root.definitions?.[name];
  return named === undefined ? schema : { ...named, ...schema };
}

function showsWhatMayStand({
  examples,
  default: standard,
  enum: words,
  const: word,
  type,
  properties,
  anyOf = [],
}: Schema): boolean {
  return (
    examples !== undefined ||
    standard !== undefined ||
    words !== undefined ||
    word !== undefined ||
    type === 'boolean' ||
    properties !== undefined ||
    anyOf.some(one => one.enum !== undefined)
  );
}

test('there is a description, and an example, a default or the words to choose from', async () => {
  const { stdout } = await run(process.execPath, [COMMAND, 'schema']);
  const root = JSON.parse(stdout) as Schema;
  const options = Object.entries(root.definitions ?? {})
    .filter(([name]) => name.startsWith('options-of-'))
    .flatMap(([name, schema]) => [...optionsIn(schema, root, name.replace('options-of-', ''))]);
  expect(options.length).toBeGreaterThan(300);
  expect(options.filter(({ schema }) => schema.description === undefined).map(({ path }) => path)).toEqual([]);
  const bare = options.filter(({ schema }) => schema.description !== SECRET && !showsWhatMayStand(schema));
  expect(bare.map(({ path }) => path).filter(path => !/(?:password|passphrase|token)$/.test(path))).toEqual([]);
});
