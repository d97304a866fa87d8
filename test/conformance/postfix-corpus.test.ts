/** A hundred real mails from Postfix through the gateway to Postfix: each arrives as it was sent, to the octet. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { arrived, chainForAll, greeted, parted } from '../interop/postfix-chain.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { mailFiles } from '../support/mail-files.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX } from '../support/postfix.ts';

const COUNT = 100;

/** Nothing of a mail but its name may stand in what a failing test prints. */
interface Sample {
  readonly name: string;
  /** One character an octet, LF line ends, without the line that separates mails in a mailbox. */
  readonly text: string;
  readonly to: string;
}

/** As many as are wanted, from everywhere in the corpus. */
function samples(): readonly Sample[] {
  const files = mailFiles('corpora', 'spamassassin').filter(({ name }) => /\/(?:easy|hard|spam)-/.test(name));
  const step = files.length / COUNT;
  return Array.from({ length: COUNT }, (_, index) => {
    const file = files[Math.floor(index * step)];
    const text =
      file
        ?.octets()
        .toString('latin1')
        .replace(/^From .*\n/, '') ?? '';
    return { name: file?.name ?? '', text: text.endsWith('\n') ? text : `${text}\n`, to: `sample-${index}@b.test` };
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\n\n'));
}

/** Sends all in one session, and gives what was not accepted. */
async function sendAll(port: number, mails: readonly Sample[]): Promise<readonly string[]> {
  const client = await greeted(port);
  const refused: string[] = [];
  for (const { name, text, to } of mails) {
    await client.sayAll(['MAIL FROM:<ann@a.test> BODY=8BITMIME', `RCPT TO:<${to}>`]);
    const reply = await client.data(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
    if (reply.code !== 250) refused.push(`${name}: ${reply.lines.join()}`);
  }
  await client.close();
  return refused;
}

describeWithCorpus('real mails from Postfix to Postfix', () => {
  describeWithPeer(POSTFIX, 'real mails from Postfix to Postfix', () => {
    const chain = chainForAll();

    test('a hundred arrive, header and body unchanged below the trace fields', async () => {
      const { a, b, gateway, quiet } = chain();
      const between = await gateway();
      const mails = samples();
      expect(new Set(mails.map(({ text }) => text)).size).toBe(COUNT);
      expect(await sendAll(a.port, mails)).toEqual([]);
      await between.outcomes('delivered', COUNT);
      await quiet(between);
      const changed: string[] = [];
      for (const { name, text, to } of mails) {
        const [mail, ...more] = await arrived(b, to);
        const { below } = parted(mail?.content ?? '');
        if (more.length > 0) changed.push(`${name} is there more than once`);
        if (digest(bodyOf(below)) !== digest(bodyOf(text))) changed.push(`the body of ${name}`);
        if (digest(below) !== digest(text)) changed.push(`the header of ${name}`);
      }
      expect(changed).toEqual([]);
    }, 60_000);
  });
});
