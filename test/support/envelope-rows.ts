/** Command lines with addresses, said to a real listener: what it understands by them. */
import { formatPath } from '../../core/mail/path.ts';
import { accept, addresses } from '../../core/mail/verdict.ts';
import { link } from '../core/chain/chain-of.ts';
import { gateway } from '../core/smtp/gateway.ts';
import { compared, type Verdict } from './tally.ts';

/** A command line, and the path that it names, what it says about notifications, or the reply that refuses it. */
export type Row = readonly [say: string, want: string];

/** A listener that takes everything, and remembers what it was told. */
export async function envelopeListener() {
  let told = '';
  const its = await gateway({
    links: [
      link('remembers', {
        mail({ reversePath, parameters: { envelopeId } }) {
          told = envelopeId ?? formatPath(reversePath);
        },
        rcpt({ recipient: { forwardPath, dsn } }) {
          const { originalRecipient } = dsn;
          told = originalRecipient === null ? formatPath(forwardPath) : Object.values(originalRecipient).join(' ');
          return accept;
        },
        vrfy: ({ query }) => addresses([{ localPart: query, domain: 'example.test' }]),
        expn: () =>
          addresses([
            { localPart: 'ann', domain: 'example.test' },
            { localPart: 'jürgen', domain: 'example.test' },
          ]),
      }),
    ],
    options: { lookups: ['127.0.0.1'] },
    limits: { commands: 1000, errors: 1000 },
  });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  return { its, client, told: () => told };
}

/** Says each row in a transaction of its own. `mail`: the MAIL before a RCPT. */
export async function verdictsOn(rows: readonly Row[], mail = 'MAIL FROM:<>'): Promise<readonly Verdict[]> {
  const { client, told } = await envelopeListener();
  const verdicts: Verdict[] = [];
  for (const [say, want] of rows) {
    await client.command('RSET');
    if (/^rcpt/i.test(say)) await client.command(mail);
    const reply = await client.command(say);
    const got = reply.startsWith('250 ') ? told() : reply.slice(0, 9);
    verdicts.push(compared(say, got, want));
  }
  return verdicts;
}

/** Why a table holds a row that the RFC does not allow. */
export const LENIENT = 'another way to write the same is understood: nothing else could be meant';
