/**
 * Addresses that stand for all: of any two that no pattern tells apart, one is enough.
 *
 * Guarantee: for every address there is one among them that the same patterns match. So what holds of none of them holds of
 * no address.
 */
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { parseAddressPattern } from '../mail/address-pattern.ts';
import type { AddressPattern } from '../mail/condition.ts';
import type { RouteMap } from '../mail/route.ts';

/** What patterns tell apart. */
export interface Mentioned {
  readonly domains: ReadonlySet<string>;
  /** The domains whose subdomains are meant. */
  readonly above: ReadonlySet<string>;
  /** Local parts by domain. `extended`: `ann+lists` is `ann` too, as in maps. */
  readonly mailboxes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly extended: boolean;
  /** Whether any address beside those may be meant. */
  readonly any: boolean;
  readonly nobody: boolean;
}

const known = new WeakMap<object, Mentioned>();

/** What the patterns of a condition tell apart. */
export function mentionedBy(patterns: readonly AddressPattern[]): Mentioned {
  return remembered(patterns, () => mentionedIn(patterns, false));
}

/** What the keys of a map tell apart. */
export function mentionedInMap(map: RouteMap): Mentioned {
  return remembered(map.entries, () => {
    const patterns = [...map.entries.keys()].map(parseAddressPattern).filter(one => one !== null);
    return mentionedIn(patterns, true);
  });
}

function remembered(of: object, make: () => Mentioned): Mentioned {
  const made = known.get(of) ?? make();
  known.set(of, made);
  return made;
}

function mentionedIn(patterns: readonly AddressPattern[], extended: boolean): Mentioned {
  const domains = new Set<string>();
  const above = new Set<string>();
  const mailboxes = new Map<string, Set<string>>();
  let [any, nobody] = [false, false];
  for (const pattern of patterns) {
    if (pattern.kind === 'any') any = true;
    else if (pattern.kind === 'null') nobody = true;
    else if (pattern.kind === 'domain') (pattern.subdomains ? above : domains).add(pattern.domain);
    else {
      const { localPart, domain } = pattern.mailbox;
      mailboxes.set(domain, (mailboxes.get(domain) ?? new Set()).add(localPart));
    }
  }
  return { domains, above, mailboxes, extended, any, nobody };
}

/**
 * The addresses, those first that are most like mail from anywhere.
 * @param all what all patterns together tell apart.
 * @param within patterns one of which must match: others are left out. `null`: any address.
 */
export function* addressClasses(all: readonly Mentioned[], within: Mentioned | null): Generator<ReversePath> {
  const classes = new Classes(all);
  if (within === null || within.any) {
    yield classes.elsewhere();
    yield null;
    yield* classes.inAll();
    return;
  }
  if (within.nobody) yield null;
  for (const domain of within.domains) yield* classes.at(domain);
  for (const domain of within.above) yield* classes.below(domain);
  for (const [domain, localParts] of within.mailboxes) {
    for (const localPart of localParts) yield* classes.of({ localPart, domain }, within.extended);
  }
}

class Classes {
  readonly #all: readonly Mentioned[];

  constructor(all: readonly Mentioned[]) {
    this.#all = all;
  }

  /** In a domain that nobody has mentioned, and that is below none that was. */
  elsewhere(): Mailbox {
    for (let number = 0; ; number += 1) {
      for (const top of ['example', 'test', 'invalid', `tld${number}`]) {
        const domain = `elsewhere${number === 0 ? '' : number}.${top}`;
        if (!this.#all.some(one => isMentioned(domain, one) || isBelowOne(domain, one))) return someoneAt(domain);
      }
    }
  }

  *inAll(): Generator<Mailbox> {
    for (const domain of this.#domains()) yield* this.at(domain);
    for (const { above } of this.#all) for (const domain of above) yield this.#inside(domain);
  }

  /** In this very domain. */
  *at(domain: string): Generator<Mailbox> {
    const localParts = this.#localPartsAt(domain);
    yield { localPart: newWord('someone', localParts), domain };
    for (const localPart of localParts) yield { localPart, domain };
    if (this.#all.some(({ extended }) => extended)) {
      for (const localPart of localParts) yield this.#extended({ localPart, domain }, localParts);
    }
  }

  /** In its subdomains. */
  *below(domain: string): Generator<Mailbox> {
    yield this.#inside(domain);
    for (const one of this.#domains()) if (one.endsWith(`.${domain}`)) yield* this.at(one);
    for (const { above } of this.#all) {
      for (const one of above) if (one.endsWith(`.${domain}`)) yield this.#inside(one);
    }
  }

  /** One mailbox; `extended`: and those whose extension is left out for it. */
  *of(mailbox: Mailbox, extended: boolean): Generator<Mailbox> {
    yield mailbox;
    if (!extended) return;
    const localParts = this.#localPartsAt(mailbox.domain);
    yield this.#extended(mailbox, localParts);
    for (const localPart of localParts) {
      if (localPart.startsWith(`${mailbox.localPart}+`)) yield { ...mailbox, localPart };
    }
  }

  #extended({ localPart, domain }: Mailbox, taken: ReadonlySet<string>): Mailbox {
    return { localPart: newWord(`${localPart}+something`, taken), domain };
  }

  /** A subdomain that nobody has mentioned. */
  #inside(domain: string): Mailbox {
    const labels = new Set(this.#all.flatMap(one => [...subdomainsIn(one, domain)]));
    return someoneAt(`${newWord('sub', labels)}.${domain}`);
  }

  #domains(): ReadonlySet<string> {
    return new Set(this.#all.flatMap(({ domains, mailboxes }) => [...domains, ...mailboxes.keys()]));
  }

  #localPartsAt(domain: string): ReadonlySet<string> {
    const [first, ...others] = this.#all.map(({ mailboxes }) => mailboxes.get(domain)).filter(one => one !== undefined);
    if (others.length === 0) return first ?? NONE;
    return new Set([first, ...others].flatMap(one => [...(one ?? [])]));
  }
}

const NONE: ReadonlySet<string> = new Set();

function isMentioned(domain: string, { domains, mailboxes }: Mentioned): boolean {
  return domains.has(domain) || mailboxes.has(domain);
}

function isBelowOne(domain: string, { above }: Mentioned): boolean {
  const labels = domain.split('.');
  return labels.some((_, index) => index > 0 && above.has(labels.slice(index).join('.')));
}

/** What stands before the domain in the subdomains that are mentioned. */
function* subdomainsIn({ domains, above, mailboxes }: Mentioned, domain: string): Generator<string> {
  for (const one of [...domains, ...above, ...mailboxes.keys()]) {
    if (one.endsWith(`.${domain}`)) yield one.slice(0, -domain.length - 1);
  }
}

function someoneAt(domain: string): Mailbox {
  return { localPart: 'someone', domain };
}

/** The word, or the word with a number that makes it new. */
export function newWord(word: string, taken: ReadonlySet<string>): string {
  if (!taken.has(word)) return word;
  for (let number = 2; ; number += 1) if (!taken.has(`${word}${number}`)) return `${word}${number}`;
}
