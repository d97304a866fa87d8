import { describe, expect, test } from 'vitest';
import { parseRcpt } from '../../../core/smtp/rcpt-command.ts';

const RULES = { smtpUtf8: false, postmasterDomain: 'mx.example.test' };
const BOB = { localPart: 'bob', domain: 'example.test' };

describe('RCPT is read', () => {
  test.for([
    { argument: 'TO:<bob@example.test>', forwardPath: BOB, dsn: {} },
    { argument: 'to: <@relay.test:bob@example.test>', forwardPath: BOB, dsn: {} },
    { argument: 'TO:<POSTMASTER>', forwardPath: { localPart: 'postmaster', domain: 'mx.example.test' }, dsn: {} },
    { argument: 'TO:<bob@example.test> NOTIFY=never', forwardPath: BOB, dsn: { notify: 'never' } },
    {
      argument: 'TO:<bob@example.test> NOTIFY=DELAY,SUCCESS',
      forwardPath: BOB,
      dsn: { notify: ['success', 'delay'] },
    },
    {
      argument: 'TO:<bob@example.test> ORCPT=rfc822;Bob+3D1@old.test',
      forwardPath: BOB,
      dsn: { originalRecipient: { type: 'rfc822', address: 'Bob=1@old.test' } },
    },
    {
      argument: 'TO:<bob@example.test> ORCPT=UTF-8;j\\x{FC}rgen@old.test',
      forwardPath: BOB,
      dsn: { originalRecipient: { type: 'UTF-8', address: 'jürgen@old.test' } },
    },
  ])('$argument', ({ argument, forwardPath, dsn }) => {
    expect(parseRcpt(argument, RULES)).toEqual({
      kind: 'rcpt',
      forwardPath,
      dsn: { notify: null, originalRecipient: null, ...dsn },
    });
  });

  test('an original recipient beyond ASCII is understood as Postfix writes it', () => {
    const argument = 'TO:<bob@example.test> ORCPT=rfc822;j+C3+BCrgen@old.test';
    const dsn = { originalRecipient: { type: 'rfc822', address: 'jürgen@old.test' } };
    expect(parseRcpt(argument, RULES)).toMatchObject({ kind: 'rcpt', dsn });
  });

  test('an original recipient beyond ASCII needs SMTPUTF8', () => {
    const argument = 'TO:<bob@example.test> ORCPT=utf-8;jürgen@old.test';
    expect(parseRcpt(argument, RULES)).toMatchObject({ kind: 'refused', reply: { code: 501 } });
    expect(parseRcpt(argument, { ...RULES, smtpUtf8: true })).toMatchObject({ kind: 'rcpt' });
  });
});

describe('RCPT is refused', () => {
  test.for([
    { argument: 'TO:<>', want: '501 5.1.3' },
    { argument: 'TO:bob@example.test', want: '501 5.1.3' },
    { argument: 'FROM:<bob@example.test>', want: '501 5.5.4' },
    { argument: 'TO:<bob@example.test> NOTIFY=', want: '501 5.5.4' },
    { argument: 'TO:<bob@example.test> NOTIFY=SUCCESS,SUCCESS', want: '501 5.5.4' },
    { argument: 'TO:<bob@example.test> NOTIFY=NEVER,NEVER', want: '501 5.5.4' },
    { argument: 'TO:<bob@example.test> ORCPT=rfc822;', want: '501 5.5.4' },
    { argument: 'TO:<bob@example.test> ORCPT=rfc822;a+0Ab@old.test', want: '501 5.5.4' },
    { argument: `TO:<bob@example.test> ORCPT=rfc822;${'x'.repeat(500)}`, want: '501 5.5.4' },
    { argument: 'TO:<jürgen@example.test>', want: '553 5.6.7' },
    { argument: 'TO:<bob@example.test> RET=FULL', want: '555 5.5.4' },
  ])('$argument', ({ argument, want }) => {
    const command = parseRcpt(argument, RULES);
    const said = command.kind === 'refused' ? `${command.reply.code} ${command.reply.status}` : command.kind;
    expect(said).toBe(want);
  });
});
