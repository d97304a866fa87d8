/** What a program gets of a mail, and what its end says of the delivery. */
import { describe, expect, test } from 'vitest';
import { aRecipient, byAddress, type FakeProgram, faultsIn, harness } from '../../../core/testing.ts';
import pipeDelivery from '../../../plugins/pipe-delivery/index.ts';

const PROGRAM = '/usr/local/bin/take';
const MAIL = 'From: ann@example.test\nSubject: Hello\n\nHello, Bob.\n';

async function piping(options: object = {}, program: FakeProgram = () => ({})) {
  const settings = { files: { [PROGRAM]: '' }, programs: { [PROGRAM]: program }, now: '2026-11-23T09:05:00Z' };
  const plugin = await harness(pipeDelivery, { command: [PROGRAM], ...options }, settings);
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) =>
    byAddress((await plugin.deliver(...delivery))?.outcomes ?? new Map());
  return { ...plugin, outcomes, runs: plugin.processes.runs };
}

describe('a program', () => {
  test('gets the mail with the fields of delivery and LF line ends, and little else', async () => {
    const { outcomes, runs } = await piping();
    expect(await outcomes({ content: MAIL })).toEqual({
      'bob@example.test': { kind: 'delivered', disposition: 'final', remote: null, text: `pipe ${PROGRAM}` },
    });
    expect(runs).toHaveLength(1);
    expect(runs[0]?.input.toString()).toBe(
      `Return-Path: <ann@example.test>\nDelivered-To: bob@example.test\nDelivery-date: Mon, 23 Nov 2026 09:05:00 +0000\n${MAIL}`,
    );
    expect(runs[0]?.command).toMatchObject({
      args: [],
      directory: '/',
      user: null,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', SENDER: 'ann@example.test', RECIPIENT: 'bob@example.test' },
    });
    expect(Object.keys(runs[0]?.command.env ?? {})).toHaveLength(3);
  });

  test('gets the mail as it is, with CRLF and a From_ line, where that is wanted', async () => {
    const { outcomes, runs } = await piping({ fields: 'none', lineEnds: 'crlf', fromLine: 'write' });
    await outcomes({ from: '<>', content: `Return-Path: <x@example.test>\n${MAIL}` });
    expect(runs[0]?.input.toString()).toBe(
      `From MAILER-DAEMON Mon Nov 23 09:05:00 2026\r\nReturn-Path: <x@example.test>\r\n${MAIL.replaceAll('\n', '\r\n')}`,
    );
  });

  test('gets what an alias says as one argument, whatever is in it', async () => {
    const { runs, outcomes } = await piping({ command: [PROGRAM, '-c', '{argument}'] });
    const to = aRecipient('archive@example.test', {
      target: { transport: 'pipe-delivery', argument: 'archive --all; {local} $x' },
    });
    await outcomes({ to: [to, 'bob@example.test'], content: MAIL });
    expect(runs.map(one => one.command.args)).toEqual([
      ['-c', 'archive --all; {local} $x'],
      ['-c', ''],
    ]);
  });

  test('runs once for each recipient, with its arguments', async () => {
    const command = [
      PROGRAM,
      '-f',
      '{sender}',
      '--to={user}',
      '{detail}',
      '{domain}',
      '{local}',
      '{recipient}/{queueId}',
    ];
    const { outcomes, runs } = await piping({ command, delimiters: '+' });
    await outcomes({ to: ['bob+lists@one.test', 'carl@two.test'], content: MAIL });
    expect(runs.map(run => run.command.args.slice(0, 6))).toEqual([
      ['-f', 'ann@example.test', '--to=bob', 'lists', 'one.test', 'bob+lists'],
      ['-f', 'ann@example.test', '--to=carl', '', 'two.test', 'carl'],
    ]);
    expect(runs[0]?.command.args[6]).toMatch(/^bob\+lists@one\.test\/\S+$/);
  });

  test('has the user, the group, the folder and the variables that the configuration says', async () => {
    const { outcomes, runs } = await piping({
      user: 1000,
      group: 8,
      directory: '/srv',
      env: { LANG: 'C', SENDER: 'nobody' },
    });
    await outcomes({ content: MAIL });
    expect(runs[0]?.command).toMatchObject({
      user: 1000,
      group: 8,
      directory: '/srv',
      env: { LANG: 'C', SENDER: 'nobody' },
    });
  });
});

describe('threats', () => {
  test('argument injection: an address that would be an option is not given to the program', async () => {
    const { outcomes, runs } = await piping({ command: [PROGRAM, '{local}'] });
    expect(await outcomes({ to: ['-oQ/tmp@example.test'], content: MAIL })).toMatchObject({
      '-oQ/tmp@example.test': { kind: 'bounced', reply: { code: 553, status: '5.1.3' } },
    });
    expect(runs).toEqual([]);
    const behind = await piping({ command: [PROGRAM, '--to={local}'] });
    await behind.outcomes({ to: ['-oQ/tmp@example.test'], content: MAIL });
    expect(behind.runs[0]?.command.args).toEqual(['--to=-oQ/tmp']);
  });

  test('shell injection: what an address holds stays in its argument', async () => {
    const { outcomes, runs } = await piping({ command: [PROGRAM, 'x {local} {sender}'] });
    await outcomes({ to: ['"; rm -rf $(pwd) {sender}"@example.test'], content: MAIL });
    expect(runs[0]?.command.args).toEqual(['x ; rm -rf $(pwd) {sender} ann@example.test']);
  });

  test('loop: mail that was delivered here before is not given to the program again', async () => {
    const { outcomes, runs } = await piping();
    expect(await outcomes({ content: `Delivered-To: bob@example.test\n${MAIL}` })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 554, status: '5.4.6' } },
    });
    expect(runs).toEqual([]);
  });
});

describe('the end of a program', () => {
  test.each([
    { code: 64, kind: 'bounced', status: '5.3.5' },
    { code: 65, kind: 'bounced', status: '5.6.0' },
    { code: 67, kind: 'bounced', status: '5.1.1' },
    { code: 68, kind: 'bounced', status: '5.1.2' },
    { code: 69, kind: 'bounced', status: '5.3.0' },
    { code: 71, kind: 'deferred', status: '4.3.0' },
    { code: 73, kind: 'bounced', status: '5.2.0' },
    { code: 74, kind: 'deferred', status: '4.3.0' },
    { code: 75, kind: 'deferred', status: '4.3.0' },
    { code: 77, kind: 'bounced', status: '5.7.0' },
    { code: 78, kind: 'bounced', status: '5.3.5' },
    { code: 1, kind: 'bounced', status: '5.3.0' },
    { code: 126, kind: 'deferred', status: '4.3.0' },
    { code: 127, kind: 'deferred', status: '4.3.0' },
  ])('with $code means $kind, $status', async ({ code, kind, status }) => {
    const { outcomes } = await piping({}, () => ({ code, stderr: 'no such\nuser \u001b[31mhere' }));
    expect(await outcomes({ content: MAIL })).toMatchObject({
      'bob@example.test': { kind, reply: { status }, diagnostic: 'no such user [31mhere' },
    });
  });

  test('by a signal makes the mail wait', async () => {
    const { outcomes } = await piping({}, () => ({ code: null, signal: 'SIGSEGV' }));
    expect(await outcomes({ content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { text: 'The program was ended by SIGSEGV, try again later' } },
    });
  });

  test('of one recipient says nothing of the others', async () => {
    const { outcomes } = await piping({}, ({ env }) => ({ code: env.RECIPIENT === 'bob@example.test' ? 75 : 0 }));
    expect(await outcomes({ to: ['bob@example.test', 'carl@example.test'], content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'deferred' },
      'carl@example.test': { kind: 'delivered' },
    });
  });

  test('of a program that cannot be started makes the mail wait, and the log says why', async () => {
    const { outcomes, log } = await piping({}, () =>
      Promise.reject(Object.assign(new Error('spawn EACCES'), { code: 'EACCES' })),
    );
    expect(await outcomes({ content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { code: 451 } },
    });
    expect(log.of('failed')).toMatchObject([{ fields: { program: PROGRAM, recipient: 'bob@example.test' } }]);
  });

  test('is not waited for where the mail is too large for it', async () => {
    const { outcomes, runs } = await piping({ maxSize: 10 });
    expect(await outcomes({ content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552, status: '5.3.4' } },
    });
    expect(runs).toEqual([]);
  });
});

describe('options', () => {
  test.each([
    { options: { command: ['take'] }, want: 'must be an absolute path' },
    { options: { command: [PROGRAM, '{user} {nobody}'] }, want: '{nobody} is unknown' },
    { options: { command: ['/missing'] }, want: '/missing does not exist' },
    { options: { command: [PROGRAM], env: { 'A=B': 'x' } }, want: 'is no name of a variable' },
  ])('$want', async ({ options, want }) => {
    expect((await faultsIn(pipeDelivery, options, { files: { [PROGRAM]: '' } })).join('\n')).toContain(want);
  });
});
