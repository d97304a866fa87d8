/** Dialogues of Apache James (its mail protocol tester): what a client says, what James answers, and what we answer. */
import { readFileSync } from 'node:fs';
import { accept, authenticated } from '../../core/mail/verdict.ts';
import { link } from '../core/chain/chain-of.ts';
import type { RawClient } from '../core/smtp/raw-client.ts';
import { corpus } from './corpus.ts';

/** What James is configured to be: bob has an account, mail for mydomain.tld is taken, users may send anywhere. */
export const JAMES = [
  link('users', {
    auth: ({ credentials }) =>
      'password' in credentials && credentials.user === 'bob@mydomain.tld' && credentials.password === 'secret'
        ? authenticated(credentials.user)
        : undefined,
  }),
  link('domains', {
    rcpt: ({ session, recipient: { forwardPath } }) =>
      forwardPath.domain === 'mydomain.tld' || session.user !== null ? accept : undefined,
  }),
];

/** What the client says in one go, and the replies to it, line by line, each line a regular expression. */
export interface Turn {
  readonly says: readonly string[];
  readonly replies: readonly (readonly string[])[];
}

/** A reply that James gives, and the one that we give in its place. Empty: we had closed. */
export interface ReplyPair {
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

/** Reads one: `james('starttls.test')`. The server speaks first. */
export function james(file: string): readonly Turn[] {
  const turns: { says: string[]; replies: string[][] }[] = [{ says: [], replies: [] }];
  let reply: string[] = [];
  for (const line of readFileSync(corpus('smtp', 'james-mpt', file), 'utf8').split('\n')) {
    const [, who, text = ''] = /^([CS]):(?: (.*))?$/.exec(line) ?? [];
    let turn = turns.at(-1);
    if (who === 'C') {
      if (turn === undefined || turn.replies.length > 0) turns.push((turn = { says: [], replies: [] }));
      turn.says.push(text);
    } else if (who === 'S') {
      reply.push(text);
      // `250.*` begins a reply of many lines.
      if (/^\d{3} /.test(text)) {
        turn?.replies.push(reply);
        reply = [];
      }
    } else if (line !== '') {
      throw new Error(`this is no line of a dialogue: ${line}`);
    }
  }
  return turns;
}

/** Plays it. Where it writes `\r\n` in the middle of a line, these two octets are sent. */
export async function play(dialogue: readonly Turn[], client: RawClient): Promise<readonly ReplyPair[]> {
  const pairs: ReplyPair[] = [];
  for (const { says, replies } of dialogue) {
    if (says.length > 0) client.send(says.map(octetsOf).join(''));
    for (const theirs of replies) pairs.push({ theirs, ours: await client.reply() });
  }
  return pairs;
}

function octetsOf(line: string): string {
  const octets = line.replaceAll(String.raw`\r\n`, '\r\n');
  return octets.endsWith('\r\n') ? octets : `${octets}\r\n`;
}
