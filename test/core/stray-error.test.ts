/** Errors that come out of no call: whose they are, and whether the gateway can go on. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { MountedPlugin } from '../../core/mounted-plugin.ts';
import { type Astray, strayError } from '../../core/stray-error.ts';
import { originsOf } from '../../core/wiring/origin.ts';

const core = fileURLToPath(new URL('../../core/', import.meta.url));

function plugin(id: string, module: string | null): MountedPlugin {
  return { id, module, originOf: originsOf(module) } as MountedPlugin;
}

const plugins = [
  plugin('a', '/etc/mail/filters/a.ts'),
  plugin('b', '/etc/mail/filters/b.ts'),
  plugin('greylist', '/etc/mail/node_modules/mailframe-plugin-greylist/index.js'),
  plugin('relay', `${core.replace(/core\/$/, '')}plugins/smtp-relay/index.ts`),
];

/** An error that went through these files, innermost first. */
function through(...files: readonly string[]): Error {
  const error = new Error('broken');
  error.stack = ['Error: broken', ...files.map(file => `    at it (file://${file}:7:3)`)].join('\n');
  return error;
}

describe('whose it is', () => {
  test.each([
    { files: ['/etc/mail/filters/b.ts'], plugin: 'b', at: '/etc/mail/filters/b.ts:7:3' },
    // As a file is called that was loaded anew.
    { files: ['/etc/mail/filters/b.ts?mailframe=3'], plugin: 'b', at: '/etc/mail/filters/b.ts:7:3' },
    { files: ['/etc/mail/lib/x.ts', '/etc/mail/filters/a.ts'], plugin: 'a', at: '/etc/mail/lib/x.ts:7:3' },
    { files: ['/etc/mail/lib/x.ts'], plugin: null, at: '/etc/mail/lib/x.ts:7:3' },
    {
      files: ['/etc/mail/node_modules/pg/client.js', '/etc/mail/node_modules/mailframe-plugin-greylist/lib/table.js'],
      plugin: 'greylist',
      at: '/etc/mail/node_modules/mailframe-plugin-greylist/lib/table.js:7:3',
    },
    { files: ['/etc/mail/node_modules/pg/client.js'], plugin: null, at: null },
    { files: [`${core}queue/scheduler.ts`], plugin: null, at: null },
  ])('$files', ({ files, ...want }) => {
    expect(strayError(through(...files), 'exception', plugins)).toMatchObject(want);
  });
});

describe('the gateway goes on where only a plugin was cut off, and ends where it was itself', () => {
  const mine = '/etc/mail/filters/a.ts';
  const ours = `${core}queue/scheduler.ts`;
  const cases: readonly { readonly what: string; readonly error: unknown; readonly verdicts: readonly string[] }[] = [
    { what: 'code of a plugin', error: through(mine), verdicts: ['go on', 'go on'] },
    { what: 'our own code', error: through(ours), verdicts: ['end', 'end'] },
    { what: 'a plugin that we had called', error: through(mine, ours), verdicts: ['end', 'go on'] },
    { what: 'code of nobody known', error: through('/etc/mail/node_modules/pg/client.js'), verdicts: ['end', 'go on'] },
    { what: 'no error at all', error: 'a word', verdicts: ['end', 'go on'] },
    { what: 'nothing', error: undefined, verdicts: ['end', 'go on'] },
    {
      what: 'a plugin, because of our own code',
      error: Object.assign(through(mine), { cause: through(ours) }),
      verdicts: ['end', 'go on'],
    },
  ];
  test.each(cases)('$what', ({ error, verdicts }) => {
    const ways: readonly Astray[] = ['exception', 'rejection'];
    expect(ways.map(astray => strayError(error, astray, plugins).verdict)).toEqual(verdicts);
  });
});

test('what is thrown only to do harm does none', () => {
  const spiteful = {
    get stack(): string {
      throw new Error('twice');
    },
  };
  expect(plugins[0]?.originOf(spiteful)).toEqual({ at: '/etc/mail/filters/a.ts', isExact: false, stack: null });
  expect(strayError(spiteful, 'exception', plugins).verdict).toBe('end');
});
