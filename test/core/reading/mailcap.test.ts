/** Mailcap files are read as RFC 1524 has them, and nothing that a stranger wrote gets into a command. */
import { describe, expect, test } from 'vitest';
import {
  entriesFor,
  fileName,
  harmless,
  mailcapFiles,
  parseMailcap,
  shellCommand,
  type ViewedPart,
} from '../../../core/reading/mailcap.ts';
import * as fc from '../../support/fast-check.ts';

const PLAIN: ViewedPart = { type: 'image/png', parameters: { charset: 'utf-8' } };
const lineOf = (command: string, part = PLAIN) => shellCommand(command, part, '/tmp/x/part').line;

describe('the file', () => {
  test('has comments, lines that go on, escaped semicolons, and flags', () => {
    const entries = parseMailcap(
      [
        '# image/png; not-this',
        '',
        'IMAGE/*; show \\',
        '  # a comment between',
        '  %s\\; echo done; copiousoutput ; test=test -n "$DISPLAY" ; nametemplate=%s.png',
        'video; play %s; needsterminal',
        'nonsense',
        'text/x;',
      ].join('\n'),
    );
    expect(entries).toEqual([
      {
        type: 'image/*',
        command: 'show   %s; echo done',
        test: 'test -n "$DISPLAY"',
        nametemplate: '%s.png',
        copiousoutput: true,
        needsterminal: false,
      },
      {
        type: 'video/*',
        command: 'play %s',
        test: null,
        nametemplate: null,
        copiousoutput: false,
        needsterminal: true,
      },
    ]);
  });

  test('of the user goes before those of the machine, and MAILCAPS before both', () => {
    expect(mailcapFiles({ HOME: '/home/ann' })).toEqual([
      '/home/ann/.mailcap',
      '/etc/mailcap',
      '/usr/share/etc/mailcap',
      '/usr/local/etc/mailcap',
    ]);
    expect(mailcapFiles({ HOME: '/home/ann', MAILCAPS: '/a:/b' })).toEqual(['/a', '/b']);
  });
});

describe('which entries count', () => {
  const entries = parseMailcap(
    [
      'image/png; first %s; copiousoutput',
      'image/png; window %s',
      'image/png; asks %s; copiousoutput; needsterminal',
      'image/png; parts %n; copiousoutput',
      'image/*; any %s; copiousoutput',
      'text/html; html; copiousoutput',
    ].join('\n'),
  );
  const commands = (type: string) => entriesFor(entries, type).map(({ command }) => command);

  test('those that print and do nothing else, in their order, wildcards where they stand', () => {
    expect(commands('image/png')).toEqual(['first %s', 'any %s']);
    expect(commands('IMAGE/gif')).toEqual(['any %s']);
    expect(commands('audio/mp3')).toEqual([]);
  });

  test('threat: a type with marks of a shell has no entry, whatever a wildcard says', () => {
    expect(commands('image/$(id)')).toEqual([]);
    expect(commands('image/x;id')).toEqual([]);
    expect(commands('image/`id`')).toEqual([]);
  });
});

describe('the command', () => {
  test('gets our file, the type and the parameters', () => {
    expect(shellCommand('v %s -t %t -c %{Charset} 100%%', PLAIN, '/tmp/x/part')).toEqual({
      line: 'v /tmp/x/part -t image/png -c utf-8 100%',
      namesFile: true,
    });
    expect(shellCommand('v', PLAIN, '/tmp/x/part')).toEqual({ line: 'v', namesFile: false });
    expect(lineOf('v \\%s \\$HOME')).toBe('v %s \\$HOME');
  });

  test.each([
    '$(id)',
    '`id`',
    '; id',
    '| id',
    '&& id',
    '> f',
    '"; id; "',
    "'; id; '",
    '\nid',
    '\\',
    '*',
    '~',
    '#',
    '\u2028',
  ])('threat: a parameter is a command for a shell: %j', value => {
    expect(lineOf('v "%{name}" %{name} \'%{name}\'', { type: 'image/png', parameters: { name: value } })).toMatch(
      /^v "[\w.+:@=-]*" [\w.+:@=-]* '[\w.+:@=-]*'$/,
    );
  });

  test('threat: a parameter is an option: its hyphen is none', () => {
    expect(lineOf('v %{name}', { type: 'image/png', parameters: { name: '--exec=id' } })).toBe('v _-exec=id');
  });

  test('threat: a parameter that all objects have', () => {
    expect(lineOf('v %{constructor}%{__proto__}')).toBe('v ');
  });

  test('whatever a stranger writes, a shell sees letters, digits and a few marks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(harmless(text)).toMatch(/^(?!-)[A-Za-z0-9._+:@=-]*$/);
      }),
    );
  });

  test('threat: a template for the name of the file that leads elsewhere counts as none', () => {
    expect(fileName('%s.html', 'abc')).toBe('abc.html');
    expect(fileName('../%s', 'abc')).toBe('abc');
    expect(fileName('%s/../../x', 'abc')).toBe('abc');
    expect(fileName('%s;id', 'abc')).toBe('abc');
    expect(fileName('-x%s', 'abc')).toBe('xabc');
    expect(fileName(null, 'abc')).toBe('abc');
  });
});
