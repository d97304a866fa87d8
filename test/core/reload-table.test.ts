/** docs/reload.md says of every setting when it takes effect, and it does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fileSchema, listenerSchema, pluginSchema } from '../../core/config/schema.ts';
import { runningEngine, type Written } from './running-engine.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/reload.md', import.meta.url)), 'utf8');

/** By key: what the page says. */
const table = new Map(
  [...page.matchAll(/^\| (`[^|]*`) \| ([^|]*) \|$/gm)].flatMap(([, keys = '', effect = '']) =>
    [...keys.matchAll(/`([^`]+)`/g)].map(([, key = '']) => [key, effect] as const),
  ),
);

const inside = (schema: unknown): readonly string[] => {
  const { shape } = schema as { readonly shape?: Readonly<Record<string, unknown>> };
  return Object.keys(shape ?? {});
};

/** Every key of the file; those of entries with the list before them. */
const keys = [
  ...Object.keys(fileSchema.shape),
  ...inside(fileSchema.shape.queue.unwrap()).map(key => `queue.${key}`),
  ...inside(fileSchema.shape.log.unwrap()).map(key => `log.${key}`),
  ...inside(listenerSchema).map(key => `listeners[].${key}`),
  ...inside(pluginSchema).map(key => `plugins[].${key}`),
];

test('every key is in the table', () => {
  expect(keys.length).toBeGreaterThan(40);
  const covered = (key: string) =>
    [key, key.replace(/\].*/, '].*'), `${key}.`].some(one => table.has(one)) ||
    // A section is told key by key.
    [...table.keys()].some(one => one.startsWith(`${key}.`));
  expect(keys.filter(key => !covered(key))).toEqual([]);
});

/** Another value for each key of the table that is no list. */
const OTHERWISE: Readonly<Record<string, Written>> = {
  hostname: { hostname: 'other.example.test' },
  listeners: { listeners: '[{ id: in, port: 0 }, { id: more, port: 0 }]' },
  'listeners[].*': { listeners: '[{ id: in, port: 0, maxSize: 1 MiB }]' },
  'queue.directory': { queue: '{ directory: ./elsewhere }' },
  'queue.history': { queue: '{ directory: ./queue, history: off }' },
  'queue.historySize': { queue: '{ directory: ./queue, historySize: 2 GiB }' },
  'queue.retry': { queue: '{ directory: ./queue, retry: { first: 1 min } }' },
  'queue.returnUpTo': { queue: '{ directory: ./queue, returnUpTo: 1 MiB }' },
  'queue.doubleBounce': { queue: '{ directory: ./queue, doubleBounce: ann@example.test }' },
  'queue.concurrency': { queue: '{ directory: ./queue, concurrency: 7 }' },
  'queue.destinations': { queue: '{ directory: ./queue, destinations: [{ rate: 1 / s }] }' },
  resolver: { more: ['resolver: { servers: ["127.0.0.1:5353"] }'] },
  tlsReports: { more: ['tlsReports: off'] },
  deadline: { more: ['deadline: 7 s'] },
  deliveryDeadline: { more: ['deliveryDeadline: 7 min'] },
  'log.level': { more: ['log: { level: debug }'] },
  'log.format': { more: ['log: { format: json }'] },
  reload: { more: ['reload: watch'] },
  plugins: { plugins: ['{ use: claim }', '{ use: claim, as: twice }', '{ use: sink }'] },
  'plugins[].*': { plugins: ['{ use: claim, onError: ignore }', '{ use: sink }'] },
  routes: { routes: '[{ when: { size: { over: 1 KiB } }, deliver: sink }, { deliver: sink }]' },
  'routes[].*': { routes: '[{ deliver: sink, retry: { first: 1 min } }]' },
};

describe('each takes effect as the table says', () => {
  test('none is left out', () => {
    expect([...table.keys()].sort()).toEqual(Object.keys(OTHERWISE).sort());
  });

  test('with a reload, or not at all and told so', async () => {
    const { reload, engine } = await runningEngine();
    for (const [key, effect] of table) {
      const came = await reload(OTHERWISE[key] ?? {});
      const needsRestart = effect.includes('**restart**');
      expect([key, came]).toMatchObject([
        key,
        needsRestart
          ? { kind: 'refused', complaints: [{ code: 'MF_RELOAD_RESTART' }] }
          : {
              kind: 'reloaded',
              changes: [
                expect.any(String),
                ...Array(came.kind === 'reloaded' ? came.changes.length - 1 : 0).fill(expect.any(String)),
              ],
            },
      ]);
      if (!needsRestart) await reload({});
    }
    expect(engine.listeners.map(({ id }) => id)).toEqual(['in']);
  });
});
