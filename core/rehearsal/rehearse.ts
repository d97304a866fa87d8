/** Rehearses one message: the dialogue with its client, then the first attempt for every mail that it would become. */
import type { Chain } from '../chain/chain.ts';
import type { Configuration } from '../config/configuration.ts';
import { contentOf } from '../mail/content.ts';
import { MailframeError } from '../mail/error.ts';
import type { Clock, Log, Random, Resolver } from '../plugin/ports.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import { didYouMean } from '../plugin/suggest.ts';
import { queueIds } from '../queue/queue-id.ts';
import type { ClientNames } from '../smtp/client-names.ts';
import { CONTENT_MEMORY, ContentMemory } from '../smtp/content-memory.ts';
import { Conversation } from '../smtp/conversation.ts';
import { Crowd } from '../smtp/crowd.ts';
import { newSession, sessionId } from '../smtp/new-session.ts';
import type { ListenerOptions } from '../smtp/options.ts';
import type { Reception, Spool } from '../smtp/reception.ts';
import { Dialogue, tlsFor } from './dialogue.ts';
import { Findings } from './findings.ts';
import { firstAttempt } from './first-attempt.ts';
import type { Incoming } from './incoming.ts';
import type { Notebook } from './notebook.ts';
import type { Rehearsal } from './rehearsal.ts';
import { ToldChain } from './told-chain.ts';

export interface RehearsingParts {
  readonly configuration: Configuration;
  /** Of links that are staged with the notebook. */
  readonly chain: Chain;
  readonly notebook: Notebook;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  readonly log: Log;
  /** Of all messages: DNS is asked once for a client. */
  readonly names: ClientNames;
  readonly compare: 'contents' | 'nothing';
}

/** @throws MailframeError where the message is for a listener that there is not */
export async function rehearse(incoming: Incoming, parts: RehearsingParts): Promise<Rehearsal> {
  const { configuration, notebook, compare } = parts;
  const options = listenerFor(incoming, configuration);
  const told = new ToldChain(parts.chain);
  const committed: NewMail[] = [];
  const conversation = conversationWith(incoming, options, { ...parts, told, committed });
  const dialogue = new Dialogue({ incoming, conversation, options, told });
  await dialogue.hold();
  const attempts = new Map<NewMail, Awaited<ReturnType<typeof firstAttempt>>>();
  const attempting = { ...parts, chain: told.chain, hostname: configuration.hostname, queue: configuration.queue };
  for (const one of committed) attempts.set(one, await firstAttempt(one, attempting));
  const findings = new Findings({ incoming, notebook, told, committed, attempts, compare });
  return findings.write({
    session: conversation.authentication.session,
    exchanges: dialogue.exchanges,
    answers: dialogue.answers,
  });
}

/** As the listener has them. Certificates are not read: nobody shakes hands. */
function listenerFor({ listener: wanted }: Incoming, { listeners, hostname }: Configuration): ListenerOptions {
  const found = wanted === null ? listeners[0] : listeners.find(({ id }) => id === wanted);
  if (found === undefined) {
    const names = listeners.map(({ id }) => id);
    const known = names.length === 0 ? 'the configuration has none' : `there are ${names.join(', ')}`;
    throw new MailframeError(
      'MF_CONFIG_REFERENCE',
      `there is no listener named ${wanted ?? ''}: ${known}${didYouMean(wanted ?? '', names)}`,
    );
  }
  const { tls, ...others } = found;
  return { ...others, hostname, tls: tls === null ? null : { ...tls, ...NO_CERTIFICATE, clients: clientsOf(tls) } };
}

const NO_CERTIFICATE = { cert: '', key: '', more: [] } as const;

function clientsOf({ clients }: NonNullable<Configuration['listeners'][number]['tls']>) {
  return clients === null ? null : { authorities: '', certificate: clients.certificate };
}

function conversationWith(
  incoming: Incoming,
  options: ListenerOptions,
  parts: RehearsingParts & { readonly told: ToldChain; readonly committed: NewMail[] },
): Conversation {
  const { told, committed, clock, log, names } = parts;
  const reception: Reception = {
    ...parts,
    pin: () => ({ chain: told.chain, release: () => undefined }),
    commit(mails) {
      committed.push(...mails);
      return Promise.resolve();
    },
    busy: () => null,
    queueId: queueIds(parts),
    spool: memorySpool,
    memory: new ContentMemory(CONTENT_MEMORY),
    // Nobody proves anything here, so that no decoy is ever needed.
    decoyKey: Buffer.alloc(32),
  };
  const setting = { options, reception, chain: told.chain, names, log };
  const visit = new Crowd(options.limits, clock).enter(incoming.address);
  if (visit.kind === 'crowded') throw new Error(`a listener that lets in nobody: ${visit.because}`);
  const client = { address: incoming.address, port: 0, name: null };
  const tls = options.tls?.mode === 'implicit' ? tlsFor(incoming) : null;
  return new Conversation(setting, visit, newSession(sessionId(clock), options, client, tls));
}

/** However large content is, it stays in memory: nothing is written. */
function memorySpool(): Spool {
  const pieces: Buffer[] = [];
  return {
    write(...more) {
      pieces.push(...more);
      return Promise.resolve();
    },
    finish: () => Promise.resolve(contentOf(Buffer.concat(pieces))),
    abandon: () => Promise.resolve(),
  };
}
