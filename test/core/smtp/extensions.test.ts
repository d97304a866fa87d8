/** Every extension that is offered, by the section that defines it: what is promised is kept, by a real listener. */
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { type GatewaySetting, gateway } from './gateway.ts';
import { mounted } from './plugins.ts';
import type { RawClient } from './raw-client.ts';

const TLS = { ...selfSigned('mx.example.test'), minVersion: 'TLSv1.2' } as const;

/** A client that has said EHLO, and what it was offered. */
async function served(setting: GatewaySetting = {}) {
  const its = await gateway({ links: mounted('our-domains', 'ann-may-log-in'), ...setting });
  const implicit = setting.options?.tls?.mode === 'implicit';
  const client = await its.connect(implicit ? { rejectUnauthorized: false } : undefined);
  await client.reply();
  const verb = setting.options?.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
  const offered = (await client.command(`${verb} client.test`)).split('\n').map(line => line.slice(4));
  return { its, client, offered };
}

/** Takes a client to the content. */
async function address(client: RawClient, parameters = '', forRcpt = ''): Promise<readonly string[]> {
  const mail = await client.command(`MAIL FROM:<ann@client.test>${parameters}`);
  return [mail, await client.command(`RCPT TO:<bob@example.test>${forRcpt}`)];
}

const BODY = 'Subject: hello\r\n\r\nbody\r\n.';

describe('PIPELINING (RFC 2920 section 3.1)', () => {
  test('commands that come at once are answered in their order', async () => {
    const { client, offered } = await served();
    expect(offered).toContain('PIPELINING');
    client.send('MAIL FROM:<ann@client.test>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<x@elsewhere.test>\r\nDATA\r\n');
    const codes: (string | undefined)[] = [];
    for (let heard = 0; heard < 4; heard += 1) codes.push((await client.reply())[0]?.slice(0, 3));
    expect(codes).toEqual(['250', '250', '550', '354']);
  });
});

describe('SIZE (RFC 1870)', () => {
  test('section 6.1: an announced size over the limit is refused at MAIL', async () => {
    const { client, offered } = await served({ options: { maxSize: 1000 } });
    expect(offered).toContain('SIZE 1000');
    expect((await address(client, ' SIZE=1001'))[0]).toMatch(/^552 5\.3\.4 /);
    expect((await address(client, ' SIZE=1000'))[0]).toMatch(/^250 /);
  });

  test('section 6.3: content over the limit is refused at its end, whatever was announced', async () => {
    const { client, its } = await served({ options: { maxSize: 20 } });
    await address(client, ' SIZE=10');
    await client.command('DATA');
    expect(await client.command(BODY)).toMatch(/^552 5\.3\.4 /);
    expect(its.committed).toEqual([]);
  });
});

test('8BITMIME (RFC 6152 section 3): 8-bit content arrives to the octet, and the envelope says so', async () => {
  const { client, its, offered } = await served();
  expect(offered).toContain('8BITMIME');
  await address(client, ' BODY=8BITMIME');
  await client.command('DATA');
  client.send(Buffer.from('Subject: hello\r\n\r\n\x80\xff\r\n.\r\n', 'latin1'));
  expect((await client.reply())[0]).toMatch(/^250 /);
  const [queued] = its.committed.flat();
  expect(queued?.mail.envelope.parameters.body).toBe('8bitmime');
  expect((await queued?.mail.content.bytes())?.toString('latin1')).toMatch(/\r\n\r\n\x80\xff\r\n$/);
});

test('SMTPUTF8 (RFC 6531 section 3.4): with the parameter addresses may go beyond ASCII, without it not', async () => {
  const { client, offered } = await served();
  expect(offered).toContain('SMTPUTF8');
  expect(await client.command('MAIL FROM:<änne@client.test>')).toMatch(/^550 5\.6\.7 /);
  expect(await client.command('MAIL FROM:<änne@client.test> SMTPUTF8')).toMatch(/^250 /);
  expect(await client.command('RCPT TO:<jürgen@example.test>')).toMatch(/^250 /);
});

test('ENHANCEDSTATUSCODES (RFC 2034 section 4): one of the class of the code, and none for EHLO and 354', async () => {
  const { client, offered } = await served();
  expect(offered).toContain('ENHANCEDSTATUSCODES');
  expect(offered[0]).toBe('mx.example.test');
  for (const command of ['NOOP', 'RSET', 'HELP', 'FROB', 'RCPT TO:<bob@example.test>', 'VRFY bob', 'DATA', 'AUTH X']) {
    expect(await client.command(command)).toMatch(/^([245])\d\d \1\.\d{1,3}\.\d{1,3} \S/);
  }
  await address(client);
  expect(await client.command('DATA')).toMatch(/^354 (?!3\.)/);
});

test('DSN (RFC 3461 section 4): RET and ENVID, NOTIFY and ORCPT go with the mail', async () => {
  const { client, its, offered } = await served();
  expect(offered).toContain('DSN');
  await address(client, ' RET=HDRS ENVID=a+2Bb', ' NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob@other.test');
  await client.command('DATA');
  await client.command(BODY);
  expect(its.committed[0]?.[0]?.mail.envelope).toMatchObject({
    parameters: { returnContent: 'headers', envelopeId: 'a+b' },
    recipients: [
      { dsn: { notify: ['success', 'delay'], originalRecipient: { type: 'rfc822', address: 'Bob@other.test' } } },
    ],
  });
});

test('CHUNKING (RFC 3030 section 2): a dot on its own is content, and the last chunk ends it', async () => {
  const { client, its, offered } = await served();
  expect(offered).toContain('CHUNKING');
  await address(client);
  const octets = 'Subject: hello\r\n\r\n.\r\n..\r\n';
  expect(await client.command(`BDAT ${octets.length}\r\n${octets}BDAT 0 LAST`)).toMatch(/^250 2\.0\.0 Ok: 25 octets$/);
  expect((await client.reply())[0]).toMatch(/queued as/);
  const content = (await its.committed[0]?.[0]?.mail.content.bytes())?.toString();
  expect(content?.endsWith(octets)).toBe(true);
});

test('BINARYMIME (RFC 3030 section 3): by BDAT, never by DATA, and only where it is offered', async () => {
  const { client, offered } = await served({ options: { binaryMime: 'encode' } });
  expect(offered).toContain('BINARYMIME');
  await address(client, ' BODY=BINARYMIME');
  expect(await client.command('DATA')).toMatch(/^503 /);
  const plain = await served();
  expect(plain.offered).not.toContain('BINARYMIME');
  expect((await address(plain.client, ' BODY=BINARYMIME'))[0]).toMatch(/^501 /);
});

test('STARTTLS (RFC 3207 section 4.2): what was said and offered before is forgotten', async () => {
  const { client, offered } = await served({ options: { tls: { mode: 'starttls', ...TLS } } });
  expect(offered).toContain('STARTTLS');
  expect(await client.command('STARTTLS')).toMatch(/^220 /);
  await client.startTls();
  expect(await client.command('MAIL FROM:<ann@client.test>')).toMatch(/^503 /);
  expect(await client.command('EHLO client.test')).not.toContain('STARTTLS');
});

test('AUTH (RFC 4954 section 4): once, and not within a transaction', async () => {
  const { client, offered } = await served({ options: { auth: 'optional', allowPlaintextAuth: true } });
  expect(offered).toContain('AUTH PLAIN LOGIN');
  const login = `AUTH PLAIN ${Buffer.from('\0ann\0correct horse').toString('base64')}`;
  await client.command('MAIL FROM:<ann@client.test>');
  expect(await client.command(login)).toMatch(/^503 5\.5\.1 /);
  await client.command('RSET');
  expect(await client.command(login)).toMatch(/^235 2\.7\.0 /);
  expect(await client.command(login)).toMatch(/^503 5\.5\.1 /);
});

test('REQUIRETLS (RFC 8689 section 2): within TLS alone, and it stays with the mail', async () => {
  const plain = await served({ options: { tls: { mode: 'starttls', ...TLS } } });
  expect(plain.offered).not.toContain('REQUIRETLS');
  expect((await address(plain.client, ' REQUIRETLS'))[0]).toMatch(/^530 5\.7\.\d+ /);
  const { client, its, offered } = await served({ options: { tls: { mode: 'implicit', ...TLS } } });
  expect(offered).toContain('REQUIRETLS');
  await address(client, ' REQUIRETLS');
  await client.command('DATA');
  await client.command(BODY);
  expect(its.committed[0]?.[0]?.mail.envelope.parameters.requireTls).toBe(true);
});

test('LIMITS (RFC 9422 section 3): what is offered is where it ends, in six digits at the most', async () => {
  const { client, offered } = await served({ limits: { transactions: 1, recipients: 1 } });
  expect(offered).toContain('LIMITS MAILMAX=1 RCPTMAX=1');
  await address(client);
  expect(await client.command('RCPT TO:<eve@example.test>')).toMatch(/^452 4\.5\.3 /);
  await client.command('RSET');
  expect(await client.command('MAIL FROM:<ann@client.test>')).toMatch(/^421 /);
  const generous = await served({ limits: { transactions: 1e9, recipients: 1e9 } });
  expect(generous.offered).toContain('LIMITS MAILMAX=999999 RCPTMAX=999999');
});

test('MT-PRIORITY (RFC 6710 section 3): as it was granted, it stays with the mail', async () => {
  const { client, its, offered } = await served();
  expect(offered).toContain('MT-PRIORITY');
  expect((await address(client, ' MT-PRIORITY=5'))[0]).toMatch(/^250 2\.3\.6 0 /);
  await client.command('RSET');
  expect((await address(client, ' MT-PRIORITY=-3'))[0]).toBe('250 2.1.0 Ok');
  await client.command('DATA');
  await client.command(BODY);
  expect(its.committed[0]?.[0]?.mail.envelope.parameters.priority).toBe(-3);
});

test('LMTP (RFC 2033 section 4.2): one reply for each RCPT, in their order', async () => {
  const { client } = await served({ options: { protocol: 'lmtp' } });
  await address(client);
  await client.command('RCPT TO:<bob@example.test>');
  await client.command('DATA');
  client.send(`${BODY}\r\n`);
  expect([(await client.reply())[0], (await client.reply())[0]]).toEqual([
    '250 2.0.0 Ok: queued as Q1',
    '250 2.0.0 Ok: queued as Q1',
  ]);
});
