import { describe, expect, test } from 'vitest';
import { NO_PARAMETERS } from '../../../core/mail/envelope.ts';
import { type MailRules, parseMail } from '../../../core/smtp/mail-command.ts';
import { formatSaid, SENDER_OK } from '../../../core/smtp/replies.ts';

const RULES: MailRules = { maxSize: 1000, auth: false, requireTls: 'offered', binary: 'refused', highestPriority: 9 };

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
    { argument: 'FROM:<> MT-PRIORITY=9', reversePath: null, parameters: { priority: 9 } },
    { argument: 'FROM:<> MT-PRIORITY=-9', reversePath: null, parameters: { priority: -9 } },
    { argument: 'FROM:<> requiretls MT-PRIORITY=0', reversePath: null, parameters: { requireTls: true } },
  ] as const)('$argument', ({ argument, reversePath, parameters }) => {
    expect(parseMail(argument, RULES)).toEqual({
      kind: 'mail',
      reversePath,
      parameters: { ...NO_PARAMETERS, ...parameters },
      accepted: SENDER_OK,
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
    ...['', '=', '=10', '=-10', '=+1', '=-0', '=01', '=1.5', '=high', '=0x1'].map(value => ({
      argument: `FROM:<a@b.test> MT-PRIORITY${value}`,
      want: '501 5.5.4',
    })),
    { argument: 'FROM:<a@b.test> REQUIRETLS=1', want: '501 5.5.4' },
    { argument: 'FROM:<a@b.test> REQUIRETLS REQUIRETLS', want: '501 5.5.4' },
  ])('$argument', ({ argument, want }) => {
    const command = parseMail(argument, RULES);
    const said = command.kind === 'refused' ? `${command.reply.code} ${command.reply.status}` : command.kind;
    expect(said).toBe(want);
  });
});

test('AUTH= is taken where the listener knows AUTH, and believed nowhere', () => {
  const rules = { ...RULES, auth: true };
  expect(parseMail('FROM:<a@b.test> AUTH=<>', rules).kind).toBe('mail');
  expect(parseMail('FROM:<a@b.test> AUTH=e+2Ff@b.test', rules)).toMatchObject({ parameters: NO_PARAMETERS });
  expect(parseMail('FROM:<a@b.test> AUTH=a+0Db', rules).kind).toBe('refused');
});

test('MT-PRIORITY: what is not granted is lowered to the usual, and the reply says so; less is granted to anybody', () => {
  const rules = { ...RULES, highestPriority: 0 };
  const lowered = parseMail('FROM:<> MT-PRIORITY=4', rules);
  expect(lowered).toMatchObject({ kind: 'mail', parameters: { priority: 0 } });
  if (lowered.kind === 'mail') expect(formatSaid(lowered.accepted)).toMatch(/^250 2\.3\.6 0 /);
  expect(parseMail('FROM:<> MT-PRIORITY=-4', rules)).toMatchObject({
    parameters: { priority: -4 },
    accepted: SENDER_OK,
  });
});

test.for([
  { requireTls: 'no-tls', want: { code: 530, status: '5.7.10' } },
  { requireTls: 'not-offered', want: { code: 555, status: '5.5.4' } },
] as const)('REQUIRETLS where it is $requireTls: refused', ({ requireTls, want }) => {
  expect(parseMail('FROM:<> REQUIRETLS', { ...RULES, requireTls })).toMatchObject({ kind: 'refused', reply: want });
  expect(parseMail('FROM:<>', { ...RULES, requireTls })).toMatchObject({ parameters: { requireTls: false } });
});
