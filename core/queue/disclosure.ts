/**
 * What a notification may show of a recipient and its outcome, in characters that cannot harm it.
 *
 * Guarantees: no control character, and so no line end, comes from an address or from what a remote machine said. Where
 * an alias led elsewhere, nothing tells where: neither the address, nor the machine, nor its words (RFC 3461 section 5.2.7).
 */
import type { Mailbox } from '../mail/address.ts';
import type { Recipient } from '../mail/envelope.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox, sameMailbox } from '../mail/path.ts';
import type { Refusal } from '../mail/reply.ts';

/** One recipient in a report. */
export interface Reported {
  readonly recipient: Recipient;
  readonly outcome: Outcome;
}

/** What may be shown of it. All texts are one line each. */
export interface Disclosure {
  /** The address that the sender knows. */
  readonly address: string;
  /** As the ORCPT parameter gave it, or `null`. */
  readonly originalRecipient: { readonly type: string; readonly address: string } | null;
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed';
  /** The enhanced status code. */
  readonly status: string;
  /** The name or the bracketed address of the machine that answered, or `null`. */
  readonly remote: string | null;
  /** Why, where it was not delivered: the remote's own words, or ours. */
  readonly reason: { readonly said: 'remote' | 'here'; readonly words: string } | null;
}

/** C0 and C1 controls, the separators of Unicode, and the marks that turn the direction of text. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
const LONGEST_WORDS = 2000;

/** Text on one line: what a terminal or a header would obey becomes a space. */
export function oneLine(text: string): string {
  return text.slice(0, LONGEST_WORDS).toWellFormed().replaceAll(UNSAFE, ' ').trim();
}

export function disclose({ recipient, outcome }: Reported): Disclosure {
  const secret = !sameMailbox(recipient.original, recipient.forwardPath);
  const { originalRecipient } = recipient.dsn;
  return {
    address: addressText(recipient.original),
    originalRecipient:
      originalRecipient === null
        ? null
        : {
            type: originalRecipient.type.replaceAll(/[^A-Za-z0-9-]/g, ''),
            address: oneLine(originalRecipient.address),
          },
    ...result(outcome, secret),
  };
}

function result(outcome: Outcome, secret: boolean): Pick<Disclosure, 'action' | 'status' | 'remote' | 'reason'> {
  const remote = secret ? null : machine(outcome.remote);
  switch (outcome.kind) {
    case 'delivered': {
      const action = outcome.disposition === 'relayed' ? 'relayed' : 'delivered';
      return { action, status: '2.0.0', remote, reason: null };
    }
    case 'deferred':
    case 'bounced':
      return {
        action: outcome.kind === 'deferred' ? 'delayed' : 'failed',
        status: outcome.reply.status,
        remote,
        reason: secret ? codesOf(outcome.reply) : reasonOf(outcome),
      };
    default:
      return outcome satisfies never;
  }
}

function reasonOf({ reply, diagnostic }: Exclude<Outcome, { kind: 'delivered' }>): Disclosure['reason'] {
  if (diagnostic !== null) return { said: 'remote', words: oneLine(diagnostic) };
  return { said: 'here', words: oneLine(`${reply.code} ${reply.status} ${reply.text}`) };
}

function codesOf({ code, status }: Refusal): Disclosure['reason'] {
  return { said: 'here', words: `${code} ${status} The address cannot be reached` };
}

/** `mx.example[192.0.2.1]:25` as RFC 3464 wants it: the name, or else the address in brackets. */
function machine(remote: string | null): string | null {
  if (remote === null) return null;
  const [, name = '', address = ''] = /^([^[]*)(\[[^\]]*\])?/.exec(oneLine(remote)) ?? [];
  if (name === '' || parseIpAddress(name) !== null) return address === '' ? null : address.replaceAll(' ', '');
  return name.replaceAll(' ', '');
}

/** A mailbox that no parser made, and that has no text, is shown as JSON: better odd than wrong. */
export function addressText(mailbox: Mailbox): string {
  try {
    return formatMailbox(mailbox);
  } catch {
    return oneLine(JSON.stringify(mailbox));
  }
}
