/** Small plugins for the tests of listeners: each does the one thing that its name says. */
import type { Link } from '../../../core/chain/link.ts';
import type { Envelope } from '../../../core/mail/envelope.ts';
import type { Mail } from '../../../core/mail/mail.ts';
import {
  accept,
  addresses,
  authenticated,
  defer,
  discard,
  expand,
  hold,
  note,
  offer,
  reject,
} from '../../../core/mail/verdict.ts';
import type { PluginInstance } from '../../../core/plugin/plugin.ts';
import { parseScramKeys, type ScramKeys } from '../../../core/plugin/scram-keys.ts';
import { Secret } from '../../../core/plugin/secret.ts';
import { type Stored, stored } from '../../../core/plugin/stored.ts';
import { link } from '../chain/chain-of.ts';

const at = (localPart: string, domain = 'example.test') => ({ localPart, domain });

async function holds(mail: Mail, word: string): Promise<boolean> {
  return (await mail.content.bytes()).includes(word);
}

const isIn = ({ recipients }: Envelope, domain: string) => recipients.some(one => one.forwardPath.domain === domain);

/** Those of RFC 7677 section 3 and of RFC 2195 section 2. */
const SECRETS: Readonly<Record<string, Stored | undefined>> = {
  'SCRAM-SHA-256 user': stored(
    'user',
    readKeys(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    ),
  ),
  'CRAM-MD5 tim': stored('tim', { mechanism: 'CRAM-MD5', password: new Secret('tanstaaftanstaaf') }),
};

function readKeys(text: string): ScramKeys {
  const keys = parseScramKeys(text);
  if (keys === null) throw new Error('the keys for tests are none');
  return keys;
}

const INSTANCES: Readonly<Record<string, PluginInstance>> = {
  'our-domains': {
    rcpt: ({ recipient: { forwardPath } }) => (forwardPath.domain.endsWith('example.test') ? accept : undefined),
  },
  'no-such-mailbox': {
    rcpt: ({ recipient: { forwardPath } }) =>
      forwardPath.localPart === 'nobody' ? reject(550, '5.1.1', 'No such mailbox', 'not in the table') : undefined,
  },
  'staff-is-ann-and-bob': {
    rcpt: ({ recipient: { forwardPath } }) =>
      forwardPath.localPart === 'staff'
        ? expand([
            { to: at('ann'), via: 'staff (aliases:1)' },
            { to: at('bob'), via: 'staff (aliases:1)' },
          ])
        : undefined,
  },
  'relay-for-users': { rcpt: ({ session }) => (session.user === null ? undefined : accept) },
  'ann-may-log-in': {
    auth: ({ credentials }) =>
      'password' in credentials && credentials.user === 'ann' && credentials.password === 'correct horse'
        ? authenticated('ann')
        : undefined,
  },
  'stores-secrets': { secret: ({ mechanism, user }) => SECRETS[`${mechanism} ${user}`] },
  'knows-tokens': {
    auth: ({ credentials }) =>
      'token' in credentials && credentials.token === 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=='
        ? authenticated(credentials.user ?? 'the owner')
        : undefined,
  },
  'nobody-knows-passwords': { auth: () => defer(454, '4.7.0', 'Try again later', 'directory unreachable') },
  'no-bad-clients': { connect: () => reject(554, '5.7.1', 'Not from your network', 'listed') },
  'no-listed-clients': {
    connect: ({ session: { client } }) =>
      client.address === '203.0.113.66' ? reject(554, '5.7.1', 'Not from your address', 'listed') : undefined,
  },
  'no-liars': {
    helo: ({ greeting: { domain } }) =>
      domain === 'mx.example.test' ? reject(550, '5.7.1', 'That is our own name', 'claims to be us') : undefined,
  },
  'offers-x-weather': { helo: () => offer({ add: ['X-WEATHER fair'], remove: ['DSN'] }) },
  'no-spammers': {
    mail: ({ reversePath }) =>
      reversePath?.domain === 'spam.test' ? reject(550, '5.7.1', 'Sender refused', 'on the list') : undefined,
  },
  'greylists-strangers': { rcpt: () => defer(451, '4.7.1', 'Please come back in five minutes', 'first contact') },
  'crashes-at-rcpt': {
    rcpt: () => {
      throw new Error('boom');
    },
  },
  'crashes-at-data': {
    data: () => {
      throw new Error('boom');
    },
  },
  'refuses-viruses': {
    data: async ({ mail }) => ((await holds(mail, 'VIRUS')) ? reject(554, '5.7.1', 'Virus found', 'Eicar') : undefined),
  },
  'vetoes-viruses': {
    queue: async ({ mail }) =>
      (await holds(mail, 'VIRUS')) ? reject(554, '5.7.1', 'Virus found', 'Eicar') : undefined,
  },
  'holds-suspects': {
    data: async ({ mail }) => ((await holds(mail, 'SUSPECT')) ? hold('looks odd') : undefined),
  },
  'bins-junk': { data: async ({ mail }) => ((await holds(mail, 'JUNK')) ? discard('junk') : undefined) },
  'knows-ann': {
    vrfy: ({ mailbox }) => (mailbox?.localPart === 'ann' ? addresses([at('ann')]) : undefined),
    expn: ({ query }) => (query === 'staff' ? addresses([at('ann'), at('bob')]) : undefined),
  },
  'knows-juergen': {
    vrfy: ({ query }) => (query === 'jürgen' ? addresses([at('jürgen')]) : undefined),
    expn: () => addresses([at('jürgen')]),
  },
  'notes-everything': {
    connect: () => note({ connected: true }),
    helo: ({ greeting }) => note({ helo: greeting.domain }),
    mail: () => note({ mailed: true }),
  },
  'breaks-replies': { mail: () => reject(550, '5.7.1', 'one\r\n250 2.0.0 two\nthree \u0085 f\u00fcr') },
  'never-greets': { connect: () => new Promise<undefined>(() => undefined) },
};

/** `data` runs for recipients of `strict.example.test` alone, and refuses all content. */
const STRICT = link(
  'strict-for-one-domain',
  {
    data: ({ mail }) =>
      isIn(mail.envelope, 'strict.example.test') ? reject(550, '5.7.1', 'Not this content') : undefined,
  },
  {
    when: {
      kind: 'recipient',
      patterns: [{ kind: 'domain', domain: 'strict.example.test', subdomains: false }],
    },
  },
);

/** Mounts plugins in this order. */
export function mounted(...names: readonly string[]): readonly Omit<Link, 'log'>[] {
  return names.map(name => {
    if (name === STRICT.id) return STRICT;
    const instance = INSTANCES[name];
    if (instance === undefined) throw new Error(`there is no plugin for tests called ${name}`);
    return link(name, instance);
  });
}
