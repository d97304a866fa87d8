/**
 * Asks the plugins of a configuration that state facts of mail what they say of a message in a file. Nothing acts: the ports
 * only answer, and of what a plugin answers, only its facts are looked at.
 */
import { createChain } from '../../chain/create-chain.ts';
import { compile } from '../../compile.ts';
import { bootError } from '../../config/complaint.ts';
import { type Content, contentOf } from '../../mail/content.ts';
import { directRecipient, NO_PARAMETERS } from '../../mail/envelope.ts';
import { type Facts, NO_FACTS } from '../../mail/facts.ts';
import type { Mail } from '../../mail/mail.ts';
import type { Trace } from '../../mail/trace.ts';
import { LineEnds } from '../../mime/line-ends.ts';
import { CLOCK, RANDOM } from '../../plugin/ports.ts';
import { inertServices } from '../inert-services.ts';

/** What is larger is not held in memory to be checked. In octets. */
const LARGEST = 128 * 1024 * 1024;

/** A mail without recipients is not looked at. */
const NOBODY = { localPart: 'nobody', domain: 'invalid' };

/** What was found. */
export interface Checked {
  readonly facts: Facts;
  readonly trace: Trace;
}

/**
 * The facts, as these plugins state them now.
 * @throws MailframeError where a gateway would not start
 */
export async function checkedFacts(content: Content, file: string): Promise<Checked> {
  const compiled = await compile(file, { env: process.env, now: new Date(), scope: inertServices });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const { mounted, routes, scope } = compiled;
  // Whatever their conditions are: who asks means this message, and not one from some listener.
  const links = mounted
    .filter(({ plugin, instance }) => (plugin.facts ?? []).length > 0 && instance.data !== undefined)
    .map(link => ({ ...link, when: null, mode: 'enforce' as const, onError: 'ignore' as const }));
  if (links.length === 0 || content.size > LARGEST) return { facts: NO_FACTS, trace: [] };
  const chain = createChain({ links, routes, clock: scope.get(CLOCK), random: scope.get(RANDOM) });
  try {
    for (const { instance } of links) await instance.start?.();
    const { facts, steps } = await chain.content(mailOf(await withCrlf(content)), 'refuse');
    return { facts, trace: steps };
  } finally {
    chain.close();
    for (const { instance } of links.toReversed()) await instance.close?.();
  }
}

/** Signatures are over lines that end in CRLF, however the file has them. */
async function withCrlf(content: Content): Promise<Content> {
  const lines = new LineEnds('normalize');
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(lines.feed(piece));
  return contentOf(Buffer.concat([...pieces, lines.end()]));
}

function mailOf(content: Content): Mail {
  return {
    id: 'show',
    envelope: { reversePath: null, recipients: [directRecipient(NOBODY)], parameters: NO_PARAMETERS },
    content,
    receivedAt: new Date(),
    facts: NO_FACTS,
    session: {
      id: 'show',
      listener: '',
      protocol: 'smtp',
      client: { address: '127.0.0.1', port: 0, name: null },
      greeting: null,
      tls: null,
      user: null,
      forwarded: null,
    },
  };
}
