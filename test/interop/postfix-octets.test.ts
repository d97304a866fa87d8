/** From Postfix through the gateway to Postfix: what stands below the trace fields arrives as it was sent, to the octet. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX } from '../support/postfix.ts';
import { arrived, chainForAll, greeted, parted, send } from './postfix-chain.ts';

const HEADER = 'From: Ann <ann@a.test>\r\nTo: Bob <bob@b.test>\r\nSubject: octets\r\n';
/** The longest line that RFC 5321 section 4.5.3.1.6 lets every machine count on, without its end. */
const LONGEST_LINE = 998;
const MEGABYTE = 1_000_000;

/** Every octet but NUL, CR and LF, `times` over. */
function everyOctet(times: number): string {
  const octets = Buffer.from(
    Array.from({ length: 256 }, (_, octet) => octet).filter(octet => ![0, 10, 13].includes(octet)),
  );
  return `${octets.toString('latin1')}\r\n`.repeat(times);
}

const MAILS: readonly { readonly what: string; readonly content: string }[] = [
  { what: 'every octet that may stand in a line', content: `${HEADER}\r\n${everyOctet(40)}` },
  { what: 'dots at the start of lines', content: `${HEADER}\r\n.\r\n..\r\n...\r\n.x\r\n. \r\n${'.\r\n'.repeat(500)}` },
  { what: 'a first line of the body that is a dot', content: `${HEADER}\r\n.\r\n` },
  { what: 'lines of 998 octets', content: `${HEADER}\r\n${`${'x'.repeat(LONGEST_LINE)}\r\n`.repeat(20)}` },
  {
    what: 'lines of 998 octets that begin with a dot',
    content: `${HEADER}\r\n${`.${'\xe9'.repeat(LONGEST_LINE - 1)}\r\n`.repeat(20)}`,
  },
  { what: 'no end of the last line', content: `${HEADER}\r\nthe end` },
  { what: 'a body without a line', content: `${HEADER}\r\n` },
  { what: 'empty lines at the end', content: `${HEADER}\r\nx\r\n\r\n\r\n\r\n` },
  { what: 'blanks at the ends of lines', content: `${HEADER}\r\nx \r\n\t\r\n \r\n\tx\t \r\n` },
  { what: 'From at the start of lines', content: `${HEADER}\r\nFrom a\r\n>From b\r\n>>From c\r\n` },
  {
    what: 'two thousand fields',
    content: `${HEADER}${Array.from({ length: 2000 }, (_, n) => `X-${n}: ${'v'.repeat(n % 90)}\r\n`).join('')}\r\nx\r\n`,
  },
  {
    what: 'folded, odd and 8-bit fields',
    content: `${HEADER}X-Folded: a\r\n \t b \r\n\tc\r\nx-EMPTY:\r\nX-Tight:x\r\nX-Raw: gr\xfc\xdfe\r\nX-Folded: again\r\n\r\nx\r\n`,
  },
  {
    what: 'binary in base64, one megabyte',
    content: `${HEADER}Content-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(MEGABYTE / 78)}`,
  },
];

/** The hash over the body as DKIM's simple canonicalization takes it, but for empty lines at its end (RFC 6376 section 3.4.3). */
function bodyHash(content: string): string {
  const body = content.slice(content.indexOf('\n\n') + 2).replaceAll('\n', '\r\n');
  return createHash('sha256').update(body, 'latin1').digest('hex');
}

describeWithPeer(POSTFIX, 'octets from Postfix to Postfix', () => {
  const chain = chainForAll();

  test('a mail with anything in it', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    for (const [index, { content }] of MAILS.entries()) {
      const letter = { parameters: 'BODY=8BITMIME', to: [`octets-${index}@b.test`] };
      await send(a.port, { ...letter, content: Buffer.from(content, 'latin1') });
    }
    for (const [index, { what, content }] of MAILS.entries()) {
      const [mail, ...others] = await arrived(b, `octets-${index}@b.test`);
      expect(others).toEqual([]);
      const { trace, below } = parted(mail?.content ?? '');
      const sent = content.replace(/(?<!\r\n)$/, '\r\n').replaceAll('\r\n', '\n');
      expect(trace).toHaveLength(3);
      expect(below, what).toBe(sent);
      expect(bodyHash(below)).toBe(bodyHash(sent));
    }
    await quiet(between);
  });

  test.each([
    { who: 'the first Postfix', hops: 3, port: () => chain().a.port },
    { who: 'us', hops: 2, port: () => chain().port },
  ])('in chunks to $who (BDAT), by DATA from there', async ({ who, hops, port }) => {
    const { b, gateway, quiet } = chain();
    const between = await gateway();
    const to = `chunks-${who.replaceAll(' ', '-')}@b.test`;
    const content = Buffer.from(`${HEADER}\r\n.\r\n${everyOctet(2000)}`, 'latin1');
    // The second chunk begins between the CR and the LF of a line, the third in the middle of one, the last is empty.
    const cuts = [content.indexOf('\r\n.\r\n', HEADER.length) + 1, 100_000, content.length];
    const chunks = cuts.map((cut, index) => content.subarray(cuts[index - 1] ?? 0, cut));
    const client = await greeted(port());
    await client.sayAll(['MAIL FROM:<ann@a.test> BODY=8BITMIME', `RCPT TO:<${to}>`]);
    // All at once, as RFC 3030 section 4.2 has it.
    for (const chunk of chunks) {
      client.write(`BDAT ${chunk.length}\r\n`);
      client.write(chunk);
    }
    client.write('BDAT 0 LAST\r\n');
    for (const _ of [...chunks, 'LAST']) expect(await client.reply()).toMatchObject({ code: 250 });
    const [mail] = await arrived(b, to);
    const { trace, below } = parted(mail?.content ?? '');
    expect(trace).toHaveLength(hops);
    expect(below).toBe(content.toString('latin1').replaceAll('\r\n', '\n'));
    await quiet(between);
    expect(await arrived(b, to)).toHaveLength(1);
  });

  test('20 megabytes', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    const line = `${'0123456789'.repeat(7)}\r\n`;
    const content = `${HEADER}\r\n${line.repeat(Math.ceil((20 * MEGABYTE) / line.length))}`;
    await send(a.port, { to: ['large@b.test'], content: Buffer.from(content, 'latin1') });
    const [mail] = await arrived(b, 'large@b.test');
    const { below } = parted(mail?.content ?? '');
    expect(below.length).toBeGreaterThan(19 * MEGABYTE);
    expect(below === content.replaceAll('\r\n', '\n')).toBe(true);
    await quiet(between);
  });

  test('a thousand recipients in one transaction: one mail for us, ten transactions on, and each has it once', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    const names = Array.from({ length: 1000 }, (_, number) => `many-${number}@b.test`);
    await send(a.port, { to: names, content: `${HEADER}\r\nx\r\n` });
    await between.outcomes('delivered', names.length);
    await quiet(between);
    expect(between.log.of('accepted').map(({ fields }) => fields.recipients)).toEqual([names.length]);
    expect((await b.log()).match(/ nrcpt=100 /g)).toHaveLength(10);
    const mails = await b.mailbox();
    const got = mails.map(({ deliveredTo }) => deliveredTo).filter(name => name.startsWith('many-'));
    expect(got.toSorted()).toEqual(names.toSorted());
  });

  test('from the null reverse-path, to postmaster', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    await send(a.port, { from: '', to: ['Postmaster@b.test'], content: `${HEADER}\r\nx\r\n` });
    const [mail] = await arrived(b, 'Postmaster@b.test');
    expect(mail?.returnPath).toBe('');
    expect(parted(mail?.content ?? '').below).toBe(`${HEADER}\r\nx\r\n`.replaceAll('\r\n', '\n'));
    await quiet(between);
  });
});
