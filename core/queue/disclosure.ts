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
import { formatMailbox } from '../mail/path.ts';
import { isRedirected } from '../mail/redirected.ts';

/** One recipient in a report. */
export interface Reported {
  readonly recipient: Recipient;
  /** `expanded`: an alias that leads to several, by the first of them. */
  readonly outcome: Outcome | 'expanded';
  /** When it is given up, if it is deferred. */
  readonly retryUntil: Date;
}

/** What may be shown of it. All texts are one line each. */
export interface Disclosure {
  /** The address that the sender knows. */
  readonly address: string;
  /** As the ORCPT parameter gave it, or `null`. */
  readonly originalRecipient: { readonly type: string; readonly address: string } | null;
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  /** The enhanced status code. */
  readonly status: string;
  /** The name or the bracketed address of the machine that answered, or `null`. */
  readonly remote: string | null;
  /** What was said to it, by the remote in its own words, or by us; of a success, what a remote said alone. */
  readonly reason: { readonly said: 'remote' | 'here'; readonly words: string } | null;
  /** When the last attempt will be, or `null` where there will be none. */
  readonly retryUntil: Date | null;
}

/** C0 and C1 controls, the separators of Unicode, and the marks that turn the direction of text. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
const LONGEST_WORDS = 2000;
/** What a server says begins with a code. Other transports may say anything about where the mail is now. */
const REPLY = /^[245]\d\d(?:[ -]|$)/;

/** Text on one line: what a terminal or a header would obey becomes a space. */
export function oneLine(text: string): string {
  return text.slice(0, LONGEST_WORDS).toWellFormed().replaceAll(UNSAFE, ' ').trim();
}

/** Of all recipients of a report. What looks the same is there once, and so is an address that leads elsewhere. */
export function discloseAll(reported: readonly Reported[]): readonly Disclosure[] {
  const shown = new Map<string, Disclosure>();
  for (const one of reported) {
    const disclosure = disclose(one);
    const { address, action } = disclosure;
    const key = JSON.stringify(isRedirected(one.recipient) ? [address, action] : disclosure);
    if (!shown.has(key)) shown.set(key, disclosure);
  }
  return [...shown.values()];
}

function disclose({ recipient, outcome, retryUntil }: Reported): Disclosure {
  const { originalRecipient } = recipient.dsn;
  return {
    address: addressText(recipient.original),
    originalRecipient:
      originalRecipient === null
        ? null
        : {
            type: originalRecipient.type.replaceAll(/[^A-Za-z0-9!#$%&'*/?^_`{|}~+-]/g, ''),
            address: oneLine(originalRecipient.address),
          },
    ...(outcome === 'expanded'
      ? { action: outcome, status: '2.0.0', remote: null, reason: null }
      : result(outcome, isRedirected(recipient))),
    retryUntil: outcome !== 'expanded' && outcome.kind === 'deferred' ? retryUntil : null,
  };
}

function result(outcome: Outcome, secret: boolean): Pick<Disclosure, 'action' | 'status' | 'remote' | 'reason'> {
  const remote = secret ? null : machine(outcome.remote);
  switch (outcome.kind) {
    case 'delivered': {
      const action = outcome.disposition === 'relayed' ? 'relayed' : 'delivered';
      const words = oneLine(outcome.text);
      const said = remote !== null && REPLY.test(words);
      return { action, status: '2.0.0', remote, reason: said ? { said: 'remote', words } : null };
    }
    case 'deferred':
    case 'bounced':
      return {
        action: outcome.kind === 'deferred' ? 'delayed' : 'failed',
        status: outcome.reply.status,
        remote,
        reason: secret ? codesOf(outcome) : reasonOf(outcome),
      };
    default:
      return outcome satisfies never;
  }
}

function reasonOf({ reply, diagnostic }: Exclude<Outcome, { kind: 'delivered' }>): Disclosure['reason'] {
  if (diagnostic !== null) {
    const words = oneLine(diagnostic);
    return { said: REPLY.test(words) ? 'remote' : 'here', words };
  }
  return { said: 'here', words: oneLine(`${reply.code} ${reply.status} ${reply.text}`) };
}

/** True of whatever the address leads to, be it one or many. */
function codesOf({ kind, reply: { code, status } }: Exclude<Outcome, { kind: 'delivered' }>): Disclosure['reason'] {
  const words = kind === 'bounced' ? 'Delivery failed behind this address' : 'Delivery is delayed behind this address';
  return { said: 'here', words: `${code} ${status} ${words}` };
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
