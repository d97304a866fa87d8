/** A plugin that does what the words of addresses and contents say: refuses, throws, hangs, hangs up, rewrites. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Link } from '../../../../core/chain/link.ts';
import { contentOf } from '../../../../core/mail/content.ts';
import type { Mail } from '../../../../core/mail/mail.ts';
import {
  accept,
  addresses,
  authenticated,
  type Defer,
  defer,
  discard,
  hold,
  type Reject,
  reject,
  rewrite,
} from '../../../../core/mail/verdict.ts';
import type { Awaitable } from '../../../../core/plugin/awaitable.ts';
import { link } from '../../chain/chain-of.ts';
import { MARK } from './rules.ts';

/** By the manual clock, in milliseconds. */
const DEADLINE = 20;

/** `undefined`: nobody minds the word. */
function byWord(text: string): Awaitable<Reject | Defer | undefined> {
  switch (/^(?:refuse|defer|throw|hang|hangup|late)\b/.exec(text)?.[0]) {
    case 'refuse':
      return reject(550, '5.7.1', 'Refused by\r\n250 2.0.0 somebody', 'the word');
    case 'defer':
      return defer(451, '4.7.1', 'Later');
    case 'hangup':
      return defer(421, '4.7.0', 'Enough');
    case 'throw':
      throw new Error('the word said so');
    case 'hang':
      return new Promise<undefined>(() => undefined);
    case 'late':
      return turns(undefined);
    default:
      return undefined;
  }
}

async function turns<T>(value: T): Promise<T> {
  for (let left = 3; left > 0; left -= 1) await turn();
  return value;
}

async function byContent(mail: Mail) {
  const octets = await mail.content.bytes();
  switch (/VIRUS|THROW|HANG|LATE|SUSPECT|JUNK|NONSENSE|REWRITE/.exec(octets.toString('latin1'))?.[0]) {
    case 'VIRUS':
      return reject(554, '5.7.1', 'Virus found');
    case 'THROW':
      throw new Error('the content said so');
    case 'HANG':
      return new Promise<undefined>(() => undefined);
    case 'LATE':
      return turns(undefined);
    case 'SUSPECT':
      return hold('looks odd');
    case 'JUNK':
      return discard('junk');
    case 'NONSENSE':
      return { kind: 'nonsense' } as never;
    case 'REWRITE':
      return rewrite(contentOf(Buffer.concat([Buffer.from(MARK), octets])));
    default:
      return undefined;
  }
}

/** Content of which nobody can say beforehand what becomes of it. */
export const MOVES_PLUGINS = /VIRUS|THROW|HANG|LATE|SUSPECT|JUNK|NONSENSE|REWRITE/;

export function actingPlugin(): Omit<Link, 'log'> {
  return link(
    'acting',
    {
      connect: () => undefined,
      helo: ({ greeting }) => byWord(greeting.domain),
      auth: ({ credentials }) => {
        const { user } = credentials;
        const right = 'password' in credentials && user === 'ann' && credentials.password === 'correct horse';
        return right ? authenticated('ann') : byWord(user ?? '');
      },
      secret: ({ user }) => byWord(user),
      mail: ({ reversePath }) => byWord(reversePath?.localPart ?? ''),
      rcpt: ({ recipient: { forwardPath } }) => byWord(forwardPath.localPart) ?? accept,
      data: ({ mail }) => byContent(mail),
      vrfy: ({ query }) =>
        (byWord(query) as Reject | undefined) ?? addresses([{ localPart: 'ann', domain: 'example.test' }]),
      expn: ({ query }) => byWord(query) as Reject | undefined,
    },
    { deadline: DEADLINE },
  );
}
