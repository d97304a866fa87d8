import { describe, expect, test } from 'vitest';
import { NO_PARAMETERS } from '../../../core/mail/envelope.ts';
import { parseMail } from '../../../core/smtp/mail-command.ts';

const RULES = { maxSize: 1000, auth: false };

describe('MAIL is read', () => {
  test.for([
    { argument: 'FROM:<>', reversePath: null, parameters: {} },
    { argument: 'from: <Ann@Client.Test>', reversePath: { localPart: 'Ann', domain: 'client.test' }, parameters: {} },
    {
      argument: 'FROM:<a@b.test> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=a+2Bb+20c',
      reversePath: { localPart: 'a', domain: 'b.test' },
      parameters: {
        announcedSize: 1000,
        body: '8bitmime',
        smtpUtf8: true,
        returnContent: 'full',
        envelopeId: 'a+b c',
      },
    },
    { argument: 'FROM:<> ret=hdrs', reversePath: null, parameters: { returnContent: 'headers' } },
    { argument: 'FROM:<> BODY=7BIT SIZE=0', reversePath: null, parameters: { announcedSize: 0 } },
  ] as const)('$argument', ({ argument, reversePath, parameters }) => {
    expect(parseMail(argument, RULES)).toEqual({
      kind: 'mail',
      reversePath,
      parameters: { ...NO_PARAMETERS, ...parameters },
    });
  });
});

describe('MAIL is refused', () => {
  test.for([
    { argument: '', want: '501 5.5.4' },
    { argument: 'TO:<a@b.test>', want: '501 5.5.4' },
    { argument: 'FROM:', want: '501 5.1.7' },
    { argument: 'FROM:<a@b.test', want: '501 5.1.7' },
    { argument: 'FROM:<a@@b.test>', want: '501 5.1.7' },
    { argument: 'FROM:<a@b.test> SIZE=1001', want: '552 5.3.4' },
    { argument: 'FROM:<a@b.test> SIZE=-1', want: '501 5.5.4' },
    { argument: 'FROM:<a@b.test> SIZE', want: '501 5.5.4' },
    { argument: 'FROM:<a@b.test> SIZE=99999999999999999999', want: '552 5.3.4' },
    { argument: 'FROM:<a@b.test> SIZE=999999999999999999999', want: '501 5.5.4' },
    { argument: 'FROM:<a@b.test> SMTPUTF8 smtputf8', want: '501 5.5.4' },
    { argument: 'FROM:<a@b.test> constructor=1', want: '555 5.5.4' },
    { argument: 'FROM:<a@b.test> __proto__=1', want: '501 5.5.4' },
    { argument: 'FROM:<ä@b.test>', want: '550 5.6.7' },
    { argument: 'FROM:<a@bücher.test>', want: '550 5.6.7' },
    { argument: `FROM:<a@b.test> ENVID=${'x'.repeat(101)}`, want: '501 5.5.4' },
  ])('$argument', ({ argument, want }) => {
    const command = parseMail(argument, RULES);
    const said = command.kind === 'refused' ? `${command.reply.code} ${command.reply.status}` : command.kind;
    expect(said).toBe(want);
  });
});

test('AUTH= is taken where the listener knows AUTH, and believed nowhere', () => {
  const rules = { maxSize: 1000, auth: true };
  expect(parseMail('FROM:<a@b.test> AUTH=<>', rules).kind).toBe('mail');
  expect(parseMail('FROM:<a@b.test> AUTH=e+2Ff@b.test', rules)).toMatchObject({ parameters: NO_PARAMETERS });
  expect(parseMail('FROM:<a@b.test> AUTH=a+0Db', rules).kind).toBe('refused');
});
