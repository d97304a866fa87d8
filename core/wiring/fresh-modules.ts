/**
 * Modules beside the configuration, loaded anew where they have changed.
 *
 * Node loads a module once for each URL, so what has changed gets another one: `filters/mine.ts?mailframe=3`. A module is
 * stale when its file is different from when it was loaded, or a module that it imports is stale; all others stay what they
 * are, with the state that they keep, also where several import them.
 *
 * Limits: what Node has loaded it never lets go of, so each change costs the memory of the stale modules. Packages in
 * `node_modules`, and what is loaded by `require`, are loaded once.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const QUERY = 'mailframe';
/** What comes with mailframe changes with it. */
const OURS = new URL('../../', import.meta.url);
const OUR_FOLDERS = ['core/', 'plugins/'].map(folder => new URL(folder, OURS).href);

interface Loaded {
  /** Of the file, when it was last loaded. */
  fingerprint: string;
  /** 0: as it was first loaded. */
  version: number;
  /** The files that it imports. */
  readonly imports: Set<string>;
}

/** By path. */
const loaded = new Map<string, Loaded>();
/** Files whose loading failed: Node would repeat the same error for the same URL. */
const failed = new Set<string>();
let passes = 0;
let watching = false;

/** What has changed by now is loaded anew from now on. */
export function noticeChangedModules(): void {
  passes += 1;
  const stale = new Set(
    [...loaded].filter(([file, { fingerprint }]) => isNew(file, fingerprint)).map(([file]) => file),
  );
  for (const file of failed) for (const one of reachableFrom(file)) stale.add(one);
  failed.clear();
  let grown = true;
  while (grown) {
    grown = false;
    for (const [file, { imports }] of loaded) {
      if (stale.has(file) || ![...imports].some(one => stale.has(one))) continue;
      stale.add(file);
      grown = true;
    }
  }
  for (const file of stale) {
    const one = loaded.get(file);
    if (one === undefined) continue;
    one.version = passes;
    one.imports.clear();
  }
}

/** The files of a module and of all that it imports, beside the configuration. */
export function filesOfModule(file: string): readonly string[] {
  return [...reachableFrom(file)];
}

/** What tells whether a module, or one that it imports, has been loaded anew. Empty for those that come with mailframe. */
export function fingerprintOfModule(file: string): string {
  return [...reachableFrom(file)]
    .map(one => loaded.get(one)?.fingerprint ?? '')
    .join(' ')
    .trim();
}

/** Loads a module, as it is now or as it was when last it was the same. */
export async function importFresh(file: string): Promise<Readonly<Record<string, unknown>>> {
  watchImports();
  const url = isOurs(pathToFileURL(file).href) ? pathToFileURL(file).href : track(file);
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    failed.add(file);
    throw error;
  }
}

function watchImports(): void {
  if (watching) return;
  watching = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const parent = fileOf(context.parentURL);
      const importer = parent === null ? undefined : loaded.get(parent);
      const file = fileOf(resolved.url);
      if (importer === undefined || file === null || isOurs(resolved.url)) return resolved;
      importer.imports.add(file);
      // CommonJS knows files and no URLs.
      if (context.conditions.includes('require')) return resolved;
      return { ...resolved, url: track(file) };
    },
  });
}

/** Remembers a file that is about to be loaded. @returns its URL of the day */
function track(file: string): string {
  const known = loaded.get(file);
  const one = known ?? { fingerprint: '', version: 0, imports: new Set<string>() };
  // What was written since the pass began is found to be new by the next one.
  if (known === undefined || known.version === passes) one.fingerprint = fingerprintOf(file);
  loaded.set(file, one);
  const url = pathToFileURL(file);
  if (one.version > 0) url.searchParams.set(QUERY, String(one.version));
  return url.href;
}

function reachableFrom(file: string): Set<string> {
  const found = new Set([file]);
  for (const one of found) for (const imported of loaded.get(one)?.imports ?? []) found.add(imported);
  return found;
}

function isNew(file: string, fingerprint: string): boolean {
  return fingerprintOf(file) !== fingerprint;
}

/** Empty: there is no such file. */
function fingerprintOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return '';
  }
}

/** The path, where the URL is that of a file outside of packages. */
function fileOf(url: string | undefined): string | null {
  if (url === undefined || !url.startsWith('file:')) return null;
  const file = fileURLToPath(url);
  return file.includes('/node_modules/') ? null : file;
}

function isOurs(url: string): boolean {
  return OUR_FOLDERS.some(folder => url.startsWith(folder));
}
