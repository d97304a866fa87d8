/**
 * `mailframe schema`: the JSON Schema of the configuration, with the options of the built-in plugins and of those that a
 * configuration uses. An editor wants it while the configuration is being written, so mistakes in there do no harm.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { configurationJsonSchema, type DescribedPlugin } from '../config/json-schema.ts';
import { valueAt } from '../config/place.ts';
import { readConfiguration } from '../config/read.ts';
import { builtInPlugins, locate } from '../wiring/locate.ts';
import { DEFAULT_FILE, refuse } from './common.ts';

export function register(program: Command): void {
  program
    .command('schema')
    .description('Prints the JSON Schema of the configuration, for editors.')
    .argument('[file]', 'the configuration whose plugins are described too', DEFAULT_FILE)
    .option('--output <path>', 'writes it into a file')
    .addHelpText('after', '\nFirst line of the configuration: # yaml-language-server: $schema=./mailframe.schema.json')
    .action(schema);
}

async function schema(file: string, { output }: { readonly output?: string }): Promise<void> {
  try {
    const text = await schemaFor(file);
    if (output === undefined) process.stdout.write(text);
    else await writeFile(output, text);
  } catch (error) {
    refuse(error);
  }
}

/** What the verb prints. */
export async function schemaFor(file: string): Promise<string> {
  const plugins = await describedPlugins(resolve(file));
  return `${JSON.stringify(configurationJsonSchema(plugins), null, 2)}\n`;
}

/** The built-in plugins and those that the file uses, each once. One that cannot be loaded is for `check` to tell. */
async function describedPlugins(file: string): Promise<readonly DescribedPlugin[]> {
  const described: DescribedPlugin[] = [];
  for (const use of new Set([...builtInPlugins(), ...usedIn(file)])) {
    const located = await locate(use, file);
    if (located.kind === 'refused') continue;
    const { summary, options } = located.plugin;
    described.push({ use, summary, options });
  }
  return described;
}

function usedIn(file: string): readonly string[] {
  const { document } = readConfiguration(file, process.env);
  const plugins = document === null ? undefined : valueAt(document, ['plugins']);
  if (!Array.isArray(plugins)) return [];
  return plugins.flatMap((entry: unknown) => {
    const use = typeof entry === 'object' && entry !== null && 'use' in entry ? entry.use : undefined;
    return typeof use === 'string' ? [use] : [];
  });
}
