/**
 * Finds the plugin that `use:` names: a file beside the configuration, a built-in, or an npm package installed there.
 *
 * Importing a plugin runs the top of its module. What goes wrong is an answer with a sentence, never an exception.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../mail/error.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { API_VERSION, type Plugin } from '../plugin/plugin.ts';
import { didYouMean } from '../plugin/suggest.ts';
import { importFresh } from './fresh-modules.ts';
import { openFrontDoor } from './front-door.ts';
import { whyNotLoaded } from './load-failure.ts';

/** A plugin that was found, or why none was. */
export type Located =
  | { readonly kind: 'found'; readonly plugin: Plugin; readonly file: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

type FoundFile = { readonly kind: 'file'; readonly file: string } | Extract<Located, { kind: 'refused' }>;

const HERE = import.meta.url;
/** `.ts` where the sources run as they are, `.js` in the built package. */
const INDEX = `index${HERE.slice(HERE.lastIndexOf('.'))}`;
const BUILT_INS = fileURLToPath(new URL('../../plugins/', HERE));

/** The names of the plugins that come with mailframe, sorted. */
export function builtInPlugins(folder: string = BUILT_INS): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => existsSync(join(folder, name, INDEX)))
    .sort();
}

/**
 * Finds and loads a plugin.
 * @param configuration Absolute path of the configuration file: files and packages are looked for beside it.
 * @param builtIns The folder of the built-in plugins.
 */
export async function locate(use: string, configuration: string, builtIns: string = BUILT_INS): Promise<Located> {
  const found = isPath(use) ? fileNamed(use, configuration) : pluginNamed(use, configuration, builtIns);
  return found.kind === 'file' ? load(use, found.file) : found;
}

/** Whether a plugin is named by its file. */
export function isPath(use: string): boolean {
  return /^\.{1,2}[/\\]/.test(use) || isAbsolute(use);
}

function fileNamed(use: string, configuration: string): FoundFile {
  const file = resolve(dirname(configuration), use);
  if (existsSync(file)) return { kind: 'file', file };
  const folder = dirname(file);
  const neighbours = existsSync(folder) ? readdirSync(folder) : [];
  return refused('MF_PLUGIN_NOT_FOUND', `there is no file ${file}${didYouMean(basename(file), neighbours)}`);
}

function pluginNamed(use: string, configuration: string, builtIns: string): FoundFile {
  const names = builtInPlugins(builtIns);
  if (names.includes(use)) return { kind: 'file', file: join(builtIns, use, INDEX) };
  const require = createRequire(configuration);
  const packages = packagesNamed(use).filter(name => !isBuiltin(name));
  for (const name of packages) {
    try {
      return { kind: 'file', file: require.resolve(name) };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return refused('MF_PLUGIN_LOAD', notExported(name));
      if (errno !== 'MODULE_NOT_FOUND')
        return refused('MF_PLUGIN_LOAD', `${name} cannot be loaded: ${describeError(error)}`);
    }
  }
  if (/\.[cm]?[jt]s$/.test(use))
    return refused('MF_PLUGIN_NOT_FOUND', `for a file beside the configuration, write ./${use}`);
  const looked = `no plugin of this name is built in, and npm package ${packages.join(' or ')} is not installed here`;
  return refused('MF_PLUGIN_NOT_FOUND', `${looked}${didYouMean(use, names)}`);
}

/** `x` may be published as `mailframe-plugin-x`, and `@scope/x` as `@scope/mailframe-plugin-x`. */
function packagesNamed(use: string): readonly string[] {
  const [, scope = '', name = use] = /^(@[^/]+\/)?(.*)$/.exec(use) ?? [];
  return name.startsWith('mailframe-plugin-') ? [use] : [`${scope}mailframe-plugin-${name}`, use];
}

function notExported(name: string): string {
  return `the package ${name} cannot be loaded by its name: its package.json needs "exports": "./index.js", or a "default" condition`;
}

async function load(use: string, file: string): Promise<Located> {
  openFrontDoor();
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importFresh(file);
  } catch (error) {
    return refused('MF_PLUGIN_LOAD', `${use} cannot be loaded: ${whyNotLoaded(error, file)}`);
  }
  const plugin = unwrapped(module.default);
  const fault = faultOf(plugin, module);
  return fault === null
    ? { kind: 'found', plugin: plugin as Plugin, file }
    : refused('MF_PLUGIN_API', `${use} ${fault}`);
}

/** Compilers that make CommonJS of a module put its default export one level deeper. */
function unwrapped(value: unknown): unknown {
  const isWrapped = typeof value === 'object' && value !== null && 'default' in value && !('apiVersion' in value);
  return isWrapped ? value.default : value;
}

/** What keeps a default export from being a plugin of this contract, or `null`. */
function faultOf(plugin: unknown, module: Readonly<Record<string, unknown>>): string | null {
  if (plugin === undefined) {
    const named = Object.keys(module).find(name => faultOf(module[name], {}) === null);
    const how = named === undefined ? 'definePlugin({ ... })' : named;
    return `has no default export: write "export default ${how}"`;
  }
  if (typeof plugin !== 'object' || plugin === null || !('apiVersion' in plugin)) {
    return 'exports something else than a plugin: write "export default definePlugin({ ... })"';
  }
  if (plugin.apiVersion === API_VERSION) return null;
  return `was made for version ${String(plugin.apiVersion)} of the plugin contract, and this mailframe has version ${API_VERSION}: install versions that fit`;
}

function refused(code: ErrorCode, message: string): Extract<Located, { kind: 'refused' }> {
  return { kind: 'refused', code, message };
}
