/** The plan of the house, held: imports point down, one door a package, what acts stands at the edge. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  /** From the root, with `/`. */
  readonly from: string;
  /** From the root for a file of ours, the specifier for anything else. */
  readonly to: string;
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap(name => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return name === 'node_modules' ? [] : sources(path);
    return /\.(ts|js)$/.test(name) ? [path.split(sep).join('/')] : [];
  });
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gms),
  ];
  return specifiers.map(([, named, bare]) => {
    const to = named ?? bare ?? '';
    return {
      from: file,
      to: to.startsWith('.')
        ? relative(root, join(root, dirname(file), to))
            .split(sep)
            .join('/')
        : to,
    };
  });
}

const imports = ['core', 'plugins', 'examples'].flatMap(sources).flatMap(importsOf);
const broken = (test: (one: Import) => boolean) => imports.filter(test).map(({ from, to }) => `${from} imports ${to}`);

/** The storeys. A room may import itself and the rooms named here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  mail: [],
  mime: ['mail'],
  delivery: ['mail', 'mime'],
  reading: ['mail', 'mime'],
  plugin: ['mail', 'mime'],
  chain: ['mail', 'mime', 'plugin'],
  config: ['mail', 'mime', 'plugin'],
  analysis: ['mail', 'mime', 'plugin', 'chain', 'config'],
  wiring: ['mail', 'mime', 'plugin'],
  system: ['mail', 'mime', 'plugin'],
  smtp: ['mail', 'mime', 'plugin', 'chain'],
  queue: ['mail', 'mime', 'plugin', 'chain'],
  corpus: ['mail', 'mime', 'plugin', 'config', 'chain', 'queue'],
  openpgp: ['mail', 'mime', 'plugin'],
  table: ['mail', 'mime', 'plugin'],
  control: ['mail', 'plugin'],
  shadow: ['mail', 'plugin', 'chain'],
  'next-hop': ['mail', 'mime', 'plugin'],
  testing: ['mail', 'mime', 'plugin', 'chain', 'wiring', 'system', 'queue', 'table'],
  conformance: ['mail', 'system', 'testing'],
};

/** What few plugins need, and is too heavy for the front door, has a door of its own. */
const DOORS_FOR_PLUGINS: readonly string[] = ['core/index.ts', 'core/openpgp/index.ts', 'core/next-hop/index.ts'];

describe('imports point down', () => {
  test.each(Object.keys(MAY_IMPORT))('core/%s imports only what lies below it', room => {
    const allowed = [room, ...(MAY_IMPORT[room] ?? [])].map(one => `core/${one}/`);
    const up = broken(
      ({ from, to }) =>
        from.startsWith(`core/${room}/`) &&
        /^(core|plugins|examples|test)\//.test(to) &&
        !allowed.some(one => to.startsWith(one)),
    );
    expect(up).toEqual([]);
  });

  test('a plugin imports the doors for plugins and its own files', () => {
    const others = broken(({ from, to }) => {
      const folder = /^plugins\/[^/]+\//.exec(from)?.[0];
      return (
        folder !== undefined &&
        /^(core|plugins)\//.test(to) &&
        !DOORS_FOR_PLUGINS.includes(to) &&
        !to.startsWith(folder)
      );
    });
    expect(others).toEqual([]);
  });

  test('an example imports the front doors and its own files', () => {
    const others = broken(({ from, to }) => from.startsWith('examples/') && /^(core|plugins)\//.test(to));
    expect(others).toEqual([]);
  });

  test('nothing that ships imports what only tests have', () => {
    expect(broken(({ from, to }) => !from.endsWith('.test.ts') && (to.startsWith('test/') || to === 'vitest'))).toEqual(
      [],
    );
  });
});

describe('one door a package', () => {
  const DOORS: Readonly<Record<string, RegExp>> = {
    tsyringe: /^core\/wiring\/scope\.ts$/,
    'reflect-metadata': /^core\/wiring\/scope\.ts$/,
    yaml: /^core\/config\//,
    'smtp-server': /^core\/smtp\//,
    entities: /^core\/mime\/shown-text\.ts$/,
    mailparser: /^core\/mime\/parsed\.ts$/,
    nodemailer: /^core\/next-hop\//,
    openpgp: /^core\/openpgp\//,
    pino: /^core\/system\/log\.ts$/,
    'dns-packet': /^core\/system\/dns-message\.ts$/,
    commander: /^core\/cli\//,
    re2js: /^core\/table\/regexp-rules\.ts$/,
    pg: /^core\/table\/postgresql-table\.ts$/,
    ldapts: /^core\/table\/ldap-connection\.ts$/,
  };
  test.each(Object.entries(DOORS))('%s', (name, door) => {
    const elsewhere = broken(({ from, to }) => (to === name || to.startsWith(`${name}/`)) && !door.test(from));
    expect(elsewhere).toEqual([]);
    expect(imports.some(({ to }) => to === name || to.startsWith(`${name}/`))).toBe(true);
  });
});

test('what acts on the machine stands at the edge', () => {
  const acting = /^node:(fs|net|tls|dns|http|https|child_process|timers|worker_threads|sqlite)(\/|$)/;
  const edge =
    /^core\/(system|queue|smtp|config|wiring|cli|control|corpus|replay|testing|table|next-hop|conformance)\/|^core\/(engine|compile)\.ts$/;
  // `node:net` also tells an IP address from other text, which is no act.
  const pure = /^core\/(mail\/(ip-(address|ranges)|special-addresses)|plugin\/(ports|option-types))\.ts$/;
  const inside = broken(
    ({ from, to }) => acting.test(to) && from.startsWith('core/') && !edge.test(from) && !pure.test(from),
  );
  expect(inside).toEqual([]);
});

test('every source file says first what it is for', () => {
  const files = ['core', 'plugins', 'examples', 'test', 'bench'].flatMap(sources);
  const silent = files.filter(file => {
    if (file.endsWith('.test.ts')) return false;
    const text = readFileSync(join(root, file), 'utf8').replace(/^#!.*\n/, '');
    return !text.startsWith('/**');
  });
  expect(silent).toEqual([]);
});
