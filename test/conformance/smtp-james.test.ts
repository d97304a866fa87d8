/** The dialogues of Apache James against a listener: the same class of reply to every command, whatever the words. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gateway } from '../core/smtp/gateway.ts';
import { selfSigned } from '../support/certificate.ts';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { JAMES, james, play, type ReplyPair } from '../support/james-dialogue.ts';
import { replyClass, replyClassLike } from '../support/reply-class.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

/** One row for the reply, and one for each extension where it is the answer to EHLO. */
function rowsFor(id: string, { theirs, ours }: ReplyPair): readonly Verdict[] {
  const [last = ''] = theirs.slice(-1);
  const reply = compared(`${id}: ${last}`, replyClassLike(last, ours.at(-1) ?? ''), replyClass(last));
  const offered = new Set(ours.slice(1).map(line => line.slice(4)));
  const extensions = theirs.slice(1).map(line => line.slice(4));
  return [reply, ...extensions.map(one => compared(`${id}: offers ${one}`, offersAll(offered, one), true))];
}

/** Parameters in any order, and more of them. */
function offersAll(offered: ReadonlySet<string>, wanted: string): boolean {
  const [keyword, ...parameters] = wanted.split(' ');
  return [...offered].some(line => {
    const [have, ...rest] = line.split(' ');
    return have === keyword && parameters.every(parameter => rest.includes(parameter));
  });
}

const GREET_FIRST = 'AUTH is an extension: it is there for clients that have said EHLO (RFC 4954 section 3)';
const OLD_FORM = 'AUTH= is from before RFC 2554; a client that speaks it only is served by nobody any more';
const FORGETS = 'STARTTLS is taken at any time, and all that was said before it is forgotten (RFC 3207 section 4.2)';
const DROPS = 'what stands behind STARTTLS is dropped unread: TLS begins, and the command in it is never carried out';

describeWithCorpus('dialogues of James', () => {
  const files = corpusPresent ? readdirSync(corpus('smtp', 'james-mpt')).filter(name => name.endsWith('.test')) : [];
  const rows: Verdict[] = [];

  /** A client that has connected and heard nothing yet. */
  async function connected() {
    const tls = { mode: 'starttls', ...selfSigned('mydomain.tld'), minVersion: 'TLSv1.2' } as const;
    const its = await gateway({ options: { auth: 'optional', allowPlaintextAuth: true, tls }, links: JAMES });
    return { its, client: await its.connect() };
  }

  test.for(files)('%s', async file => {
    const { client } = await connected();
    const pairs = await play(james(file), client);
    expect(pairs.length).toBeGreaterThan(0);
    rows.push(...pairs.flatMap((pair, index) => rowsFor(`${file} ${index}`, pair)));
  });

  test('authplain.test, once the client has greeted', async () => {
    const { client } = await connected();
    const [greeting = { says: [], replies: [] }, ...turns] = james('authplain.test');
    const ehlo = { says: ['EHLO yopmail.com'], replies: [['250 .*']] };
    const pairs = await play([greeting, ehlo, ...turns], client);
    rows.push(...pairs.flatMap((pair, index) => rowsFor(`authplain.test after EHLO ${index}`, pair)));
  });

  test('every reply is of the class of theirs, but for these', () => {
    const secured = [
      'data_starts_with_starttls',
      'data_with_starttls',
      'rcpt_with_starttls',
      'starttls',
      'starttls_session_fixation',
      'starttls_with_injection',
    ];
    tally('smtp/james-mpt', rows, {
      'authplain.test 1: 334 VXNlcm5hbWU6': GREET_FIRST,
      'authplain.test 2: 334 UGFzc3dvcmQ6': GREET_FIRST,
      'authplain.test 3: 235 Authentication Successful': GREET_FIRST,
      ...Object.fromEntries(secured.map(name => [`${name}.test 1: offers AUTH=LOGIN PLAIN`, OLD_FORM])),
      'starttls_session_fixation.test 7: 501 .*': FORGETS,
      'starttls_with_injection.test 2: 451 Unable to process request': DROPS,
    });
  });
});
