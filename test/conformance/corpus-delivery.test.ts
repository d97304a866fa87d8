/** Four hundred real mails through a whole gateway: each lies in the mailbox and with the next hop as it was sent. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { smtpSink } from '../../core/testing/smtp-sink.ts';
import { belowReceived, type RunningGateway, runningGateway } from '../interop/running-gateway.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

const SESSIONS = 5;
const ZONES = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
} as const;

/** Nothing of a mail but its name may stand in what a failing test prints. */
interface Sample {
  readonly name: string;
  /** One character an octet, LF line ends, without the line that separates mails in a mailbox. */
  readonly text: string;
  /** The reverse-path, by which it is known again. */
  readonly from: string;
}

function samples(): readonly Sample[] {
  const folder = corpus('corpora', 'spamassassin');
  const folders = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory());
  const names = folders.flatMap(({ name }) => readdirSync(join(folder, name)).map(file => join(name, file)));
  return names.toSorted().map((name, index) => {
    const text = readFileSync(join(folder, name), 'latin1').replace(/^From .*\n/, '');
    return { name, text, from: `sample-${index}@client.test` };
  });
}

/** Sends every mail to a mailbox and to the next hop, and gives what was not accepted. */
async function sendAll(port: number, mails: readonly Sample[]): Promise<readonly string[]> {
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  const refused: string[] = [];
  for (const { name, text, from } of mails) {
    await client.sayAll([
      `MAIL FROM:<${from}> BODY=8BITMIME`,
      'RCPT TO:<all@example.test>',
      'RCPT TO:<all@elsewhere.test>',
    ]);
    const { code, text: words } = await client.data(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
    if (code !== 250) refused.push(`${name}: ${code} ${words}`);
  }
  await client.say('QUIT');
  return refused;
}

/** The names of mails that are missing, there more than once, or not as they should be. */
function strange(
  mails: readonly Sample[],
  arrived: readonly { readonly from: string; readonly content: string }[],
  asExpected: (sample: Sample, content: string) => boolean,
): readonly string[] {
  const byPath = Map.groupBy(arrived, ({ from }) => from);
  return mails.flatMap(sample => {
    const [one, ...more] = byPath.get(`<${sample.from}>`) ?? [];
    if (one === undefined) return `${sample.name} is missing`;
    if (more.length > 0) return `${sample.name} is there ${more.length + 1} times`;
    return asExpected(sample, one.content) ? [] : `${sample.name} is not as it was sent`;
  });
}

/** Final delivery takes off what Return-Path fields there are (RFC 5321 section 4.4); they may stand in the header alone. */
function withoutReturnPath(text: string): string {
  const end = text.indexOf('\n\n') + 1;
  const header = text.slice(0, end).replaceAll(/^Return-Path:.*\n(?:[ \t].*\n)*/gim, '');
  return header + text.slice(end);
}

async function mailboxOf(gateway: RunningGateway, count: number) {
  const mails = await gateway.mails('all', count);
  return mails.map(({ added, content }) => ({
    from: added[0]?.replace('Return-Path: ', '') ?? '',
    content: belowReceived(content),
  }));
}

describeWithCorpus('the 400 mails of corpora/spamassassin', () => {
  test('arrive in the mailbox and at the next hop, each once, each to the octet', async () => {
    const mails = samples();
    expect(mails.length).toBe(400);
    // So the default policy for bare line ends refuses none of them.
    expect(mails.filter(({ text }) => /[\r\0]/.test(text)).map(({ name }) => name)).toEqual([]);
    const sink = await smtpSink();
    onTestFinished(() => sink.close());
    const gateway = await runningGateway({ nextHopPort: sink.port, zones: ZONES });
    const shares = Array.from({ length: SESSIONS }, (_, share) =>
      mails.filter((_, index) => index % SESSIONS === share),
    );
    const refused = await Promise.all(shares.map(share => sendAll(gateway.port, share)));
    expect(refused.flat()).toEqual([]);
    await gateway.outcomes('delivered', 2 * mails.length);

    const delivered = await mailboxOf(gateway, mails.length);
    expect(strange(mails, delivered, ({ text }, content) => content === withoutReturnPath(text))).toEqual([]);
    const relayed = sink.mails.map(({ from, content }) => ({
      from,
      content: belowReceived(content.toString('latin1').replaceAll('\r\n', '\n')),
    }));
    expect(strange(mails, relayed, ({ text }, content) => content === text)).toEqual([]);
    expect(gateway.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});
