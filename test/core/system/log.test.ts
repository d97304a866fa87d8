import { ManualClock } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../core/plugin/secret.ts';
import { createLog, type LogSettings } from '../../../core/system/log.ts';
import * as fc from '../../support/fast-check.ts';

function setup(settings: Partial<LogSettings> & { readonly terminal?: boolean } = {}) {
  const written: string[] = [];
  const log = createLog({
    level: 'info',
    format: 'json',
    clock: new ManualClock('2030-01-01T12:00:00.123Z'),
    ...settings,
    destination: { isTTY: settings.terminal === true, write: line => written.push(line) },
  });
  return { log, written, parsed: () => written.map(line => JSON.parse(line) as Record<string, unknown>) };
}

describe('lines of JSON', () => {
  test('have level, time and event, and the fields of the line and of its parents', () => {
    const { log, written } = setup();
    log.child({ plugin: 'users', id: 1 }).child({ id: 2 }).warn('refused', { client: '192.0.2.1', tries: 3 });
    expect(written).toEqual([
      '{"level":"warn","time":"2030-01-01T12:00:00.123Z","plugin":"users","id":2,"client":"192.0.2.1","tries":3,' +
        '"event":"refused"}\n',
    ]);
  });

  test('below the level are not written', () => {
    const { log, written } = setup({ level: 'warn' });
    log.debug('asked');
    log.info('accepted');
    log.warn('deferred');
    log.error('failed');
    expect(written).toHaveLength(2);
  });

  test('cannot be given another level, time or event by a field', () => {
    const { log, parsed } = setup();
    log.info('accepted', { level: 'error', time: 'never', event: 'delivered' });
    expect(parsed()).toEqual([
      expect.objectContaining({
        level: 'info',
        event: 'accepted',
        level_: 'error',
        time_: 'never',
        event_: 'delivered',
      }),
    ]);
  });

  test('say of an error what it was and where', () => {
    const { log, parsed } = setup();
    const full = Object.assign(new Error('no space', { cause: new Error('disk') }), { code: 'ENOSPC' });
    log.error('failed', { cause: full });
    expect(parsed()).toEqual([
      expect.objectContaining({
        cause: expect.objectContaining({
          type: 'Error',
          message: 'no space',
          code: 'ENOSPC',
          stack: expect.stringContaining('log.test.ts'),
          cause: expect.objectContaining({ message: 'disk' }),
        }),
      }),
    ]);
  });

  test('are written of values that JSON does not know', () => {
    const { log, parsed } = setup();
    const loop: { self?: unknown } = {};
    loop.self = loop;
    log.info('asked', {
      at: new Date('2030-01-01T00:00:00Z'),
      never: new Date(Number.NaN),
      big: 10n,
      octets: Buffer.from('secret content'),
      key: new Secret('hunter2'),
      map: new Map([['a', 1]]),
      set: new Set(['b']),
      call: () => 1,
      nothing: null,
      missing: undefined,
      loop,
    });
    expect(parsed()).toEqual([
      expect.objectContaining({
        at: '2030-01-01T00:00:00.000Z',
        never: 'Invalid Date',
        big: '10',
        octets: '[14 octets]',
        key: '[secret]',
        map: { a: 1 },
        set: ['b'],
        call: '[function]',
        nothing: null,
      }),
    ]);
  });

  test('stay short, whatever a client sends', () => {
    const { log, written } = setup();
    log.info('refused', { command: 'x'.repeat(1_000_000), many: Array.from({ length: 100_000 }, () => 'y') });
    expect(written.join('').length).toBeLessThan(10_000);
  });
});

describe('redaction', () => {
  test.each([
    'password',
    'smtpPassword',
    'PASSWORD',
    'client_secret',
    'auth',
    'AUTH-PLAIN',
    'authorization',
    'passwd',
    'accessToken',
  ])('a field named %s is not written, at any depth', name => {
    for (const format of ['json', 'human'] as const) {
      const { log, written } = setup({ format });
      log.child({ [name]: 'hunter2' }).info('asked', { outer: [{ [name]: { value: 'hunter2' } }], [name]: 'hunter2' });
      expect(written.join('')).not.toContain('hunter2');
      expect(written.join('')).toContain('[redacted]');
    }
  });

  test.each(['authenticated', 'author', 'authority', 'user', 'secretary'])('a field named %s is written', name => {
    const { log, parsed } = setup();
    log.info('asked', { [name]: 'ann' });
    expect(parsed()).toEqual([expect.objectContaining({ [name]: 'ann' })]);
  });
});

describe('log forging', () => {
  const hostile = 'x\r\n{"level":"info","event":"accepted"}\u0085\u2028\u001b[2K\u009b31m\u202e\u0000';

  test.each(['json', 'human'] as const)('no value, name or event begins a line of its own (%s)', format => {
    const { log, written } = setup({ format });
    log.info('refused', { text: hostile, [hostile]: 1, nested: { [hostile]: [hostile] } });
    log.info(hostile);
    expect(written).toHaveLength(2);
    for (const line of written) expect(line).toMatch(/^[^\p{Cc}\u2028\u2029\u202e]+\n$/u);
  });

  test('JSON gives back exactly what was logged', () => {
    const { log, parsed } = setup();
    log.info('refused', { text: hostile });
    expect(parsed()).toEqual([expect.objectContaining({ text: hostile })]);
  });

  test('whatever is logged is one line of JSON that says it again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'binary' }), (event, text) => {
        const { log, written, parsed } = setup();
        log.info(event, { text });
        expect(written.join('')).toMatch(/^[^\p{Cc}\u2028\u2029]+\n$/u);
        expect(parsed()).toEqual([expect.objectContaining({ event, text })]);
      }),
    );
  });

  test('the message of an error begins no line at the margin', () => {
    const { log, written } = setup({ format: 'human' });
    log.error('failed', { cause: new Error('x\n12:00:00.000Z INFO  accepted') });
    const margin = written
      .join('')
      .split('\n')
      .filter(line => /^\S/.test(line));
    expect(margin).toHaveLength(1);
  });
});

describe('lines for a person', () => {
  test('are written to a terminal and JSON elsewhere, where nothing else was said', () => {
    const terminal = setup({ format: 'auto', terminal: true });
    terminal.log.info('accepted', { id: '4fGh' });
    expect(terminal.written.join('')).not.toMatch(/^\{/);
    const pipe = setup({ format: 'auto' });
    pipe.log.info('accepted', { id: '4fGh' });
    expect(pipe.written.join('')).toMatch(/^\{/);
  });

  test('quote only what needs it', () => {
    const { log, written } = setup({ format: 'human' });
    log.info('accepted', { id: '4fGh', from: '<ann@example.test>', reply: '250 OK', size: 12, facts: { pgp: 'good' } });
    expect(written).toEqual([
      '12:00:00.123Z INFO  accepted id=4fGh from=<ann@example.test> reply="250 OK" size=12 facts={"pgp":"good"}\n',
    ]);
  });

  test('leave out what is not there', () => {
    const { log, written } = setup({ format: 'human' });
    log.info('delivered', { id: '4fGh', remote: null, attempt: 1 });
    expect(written).toEqual(['12:00:00.123Z INFO  delivered id=4fGh attempt=1\n']);
  });

  test('show the stack of an error below it', () => {
    const { log, written } = setup({ format: 'human' });
    log.error('failed', { cause: new Error('no space') });
    expect(written.join('')).toMatch(/^12:00:00\.123Z ERROR failed cause="no space"\n {6}Error: no space\n {6}at /);
  });

  test('show a stack that is a field of its own below it', () => {
    const { log, written } = setup({ format: 'human' });
    log.error('failed', { at: 'mine.ts:5:11', stack: 'Error: no \u001b space\n    at rcpt (mine.ts:5:11)' });
    expect(written).toEqual([
      '12:00:00.123Z ERROR failed at=mine.ts:5:11\n      Error: no \\u001b space\n      at rcpt (mine.ts:5:11)\n',
    ]);
  });

  test('have colours on a terminal and none elsewhere', () => {
    const terminal = setup({ format: 'human', terminal: true });
    terminal.log.warn('deferred');
    const file = setup({ format: 'human' });
    file.log.warn('deferred');
    expect(terminal.written.join('').includes('\u001b[33m')).toBe(process.env.NO_COLOR === undefined);
    expect(file.written.join('')).not.toContain('\u001b');
  });
});
