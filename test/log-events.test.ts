/** The events of the log: those that the sources write are those of the list, and of the page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LOG_EVENTS } from '../core/plugin/log-event.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['core', 'plugins'].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(join(root, folder, name), 'utf8')),
);

/** Where the name of an event stands: as the first argument of a call of a log, or as the `event` of a note. */
const CALL =
  /\blog(?:\.(?:debug|info|warn|error)|\[[^\]]+\])\(\s*(?:[^(),?]*\? )?('[^']+'(?: : '[^']+')?)|\bnote\(\{ event: ('[^']+')/g;

const written = new Set(
  sources.flatMap(text =>
    [...text.matchAll(CALL)].flatMap(
      ([, called = '', noted = '']) => `${called}${noted}`.match(/[^':]{2,}(?=')/g) ?? [],
    ),
  ),
);

test('what the sources write is what is listed', () => {
  expect([...written].filter(event => event.trim() !== '').toSorted()).toEqual(LOG_EVENTS.toSorted());
});

test('each is a past participle', () => {
  const irregular = /^(?:left|lost|held|kept|read|found|caught|swept)$/;
  const others = LOG_EVENTS.filter(event => {
    const [first = '', second = ''] = event.split(' ');
    const word = first === 'not' ? second : first;
    return !/(?:ed|en)$/.test(word) && !irregular.test(word);
  });
  expect(others).toEqual([]);
});

test('the page has a row for each', () => {
  const page = readFileSync(join(root, 'docs/logs.md'), 'utf8');
  const rows = page.slice(page.indexOf('## The events')).match(/^\| `.*?\|/gm) ?? [];
  const named = rows.flatMap(row => [...row.matchAll(/`([^`]+)`/g)].map(([, event]) => event));
  expect(new Set(named)).toEqual(new Set(LOG_EVENTS));
  expect(named).toHaveLength(LOG_EVENTS.length);
});
