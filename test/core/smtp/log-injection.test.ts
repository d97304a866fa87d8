/** Log injection: whatever a client says, each log line about it is one line, and no control of a terminal is in it. */
import { expect, test } from 'vitest';
import { humanLine } from '../../../core/system/human-line.ts';
import { until } from '../../support/until.ts';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

const FORGED = 'x event=accepted queueId=Q99';
const SAYINGS = [
  `EHLO \u202e${FORGED.replaceAll(' ', '\u00a0')}`,
  'EHLO [31mred',
  'EHLO "quoted"=value',
  'EHLO client.test',
  'MAIL FROM:<"ann event=accepted\\"x"@client.test> ENVID=a+3Db',
  'RCPT TO:<"bob from=<root@example.test>"@elsewhere.test> ORCPT=rfc822;a+3D+22b',
  'RCPT TO:<nobody@example.test>',
  `VRFY ${FORGED}`,
  'AUTH PLAIN AHJvb3QKZXZlbnQ9YWNjZXB0ZWQAeA==',
];

test('log injection: what strangers say forges no line', async () => {
  const its = await gateway({
    links: mounted('no-such-mailbox', 'our-domains', 'ann-may-log-in'),
    options: { auth: 'optional', allowPlaintextAuth: true },
  });
  const client = await its.greeted();
  for (const saying of SAYINGS) await client.command(saying);
  client.send('RSET\r\nMAIL FROM:<>\u0085event=accepted\r\nQUIT\r\n');
  await client.rest();
  await until(() => expect(its.pinned()).toBe(0));
  const lines = its.log.lines.map(({ level, event, fields }) =>
    humanLine(JSON.stringify({ level, time: '2026-11-23T12:00:00Z', event, ...fields }), false),
  );
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*\n$/);
    // Values that could be taken for other fields stand in quotation marks.
    expect(line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')).not.toContain('event=accepted');
  }
});
