/** The walk through aliases, depth first, in the order in which they are written. */
import { type Awaitable, type Expansion, formatMailbox, type Mailbox, whenThere } from '../../core/index.ts';
import { formatStep, formatTarget, type Special, type Target } from './alias.ts';
import { addressKey, Found, type Trouble } from './found.ts';
import { InTurns } from './in-turns.ts';
import type { Member } from './list-file.ts';
import type { AskingCall, LookUp, Match } from './look-up.ts';
import type { Permission } from './permission.ts';
import { ancestor, loopOf, noteBelow, type Seen, type Step, sameAlias, viaOf } from './step.ts';

/** What an expansion depends on. */
export interface ExpansionRules {
  readonly lookUp: LookUp;
  readonly members: (path: string) => Awaitable<readonly Member[]>;
  readonly permission: Permission;
  /** The most recipients, and the most aliases that are followed. */
  readonly limit: number;
  /** The most aliases between the recipient and what it leads to. */
  readonly depth: number;
  /** Whether extensions go on to what an alias leads to. */
  readonly keepExtension: boolean;
  /** Whether `owner-list` hears of failures behind `list`. */
  readonly owners: boolean;
}

interface Pending {
  readonly target: Target;
  readonly step: Step;
  /** Where it stands, if in a list. */
  readonly member: string | null;
}

export class Walk {
  readonly found: Found;
  readonly #rules: ExpansionRules;
  readonly #call: AskingCall;
  readonly #followed = new Set<string>();
  readonly #pending: Pending[] = [];
  readonly #turns = new InTurns();

  constructor(rules: ExpansionRules, call: AskingCall) {
    this.#rules = rules;
    this.#call = call;
    this.found = new Found(rules.limit);
  }

  /** Follows the alias of a recipient to the end. `seen`: where each step is noted. */
  async from(recipient: Mailbox, match: Match, seen: Seen | null = null): Promise<void> {
    await this.#follow(recipient, match, null, seen);
    for (let next = this.#pending.pop(); next !== undefined && !this.found.isOver; next = this.#pending.pop()) {
      if (this.#turns.isOver()) await this.#pause();
      const done = this.#meet(next);
      if (done instanceof Promise) await done;
    }
  }

  async #pause(): Promise<void> {
    await this.#turns.next();
    this.#call.signal.throwIfAborted();
  }

  #meet(pending: Pending): Awaitable<void> {
    const { target, step } = pending;
    switch (target.kind) {
      case 'address':
        return this.#address(this.#mailboxOf(target.address, step), pending);
      case 'domain':
        return this.#address({ localPart: step.address.localPart, domain: target.domain }, pending);
      case 'mailbox':
        return this.#recipient(this.#mailboxOf(target.address, step), pending);
      case 'include':
        return this.#include(target.path, pending);
      case 'command':
      case 'path':
        return this.#led(target, step);
      case 'fail':
        this.found.fail({ text: target.text, via: step.via });
        break;
      case 'defer':
        this.found.defer({ text: target.text, via: step.via });
        break;
      case 'blackhole':
        this.found.swallow(step.via);
        break;
      default:
        target satisfies never;
    }
    noteBelow(step, formatTarget(target));
  }

  #mailboxOf({ localPart, domain }: { localPart: string; domain: string | null }, step: Step): Mailbox {
    const kept = this.#rules.keepExtension && !localPart.endsWith(step.extension) ? step.extension : '';
    return { localPart: localPart + kept, domain: domain ?? step.address.domain };
  }

  #address(mailbox: Mailbox, pending: Pending): Awaitable<void> {
    if (this.#keyOf(mailbox) === pending.step.key) return this.#recipient(mailbox, pending);
    const match = this.#rules.lookUp.find(mailbox, this.#call);
    return match instanceof Promise
      ? match.then(found => this.#go(mailbox, found, pending))
      : this.#go(mailbox, match, pending);
  }

  #go(mailbox: Mailbox, match: Match | null, pending: Pending): Awaitable<void> {
    const { step } = pending;
    if (match === null || sameAlias(match.alias, step.alias)) return this.#recipient(mailbox, pending);
    const seen = noteBelow(step, formatMailbox(mailbox));
    return this.#follow(mailbox, match, step, seen);
  }

  #follow(address: Mailbox, { alias, extension }: Match, above: Step | null, seen: Seen | null): Awaitable<void> {
    const key = this.#keyOf(address);
    const depth = (above?.depth ?? 0) + 1;
    if (seen !== null) seen.by = formatStep(alias);
    const via = viaOf({ above, alias });
    const step = { address, key, alias, extension, owner: above?.owner ?? null, above, via, depth, seen };
    const first = ancestor(above, key);
    if (first !== null) {
      const loop = loopOf(first, above);
      return this.#stop({ kind: 'loop', via: loop }, seen, `a loop: ${loop}`);
    }
    if (this.#followed.has(key)) return this.#note(seen, 'followed above');
    this.#followed.add(key);
    const { limit, depth: deepest } = this.#rules;
    // The recipient's own alias is one of them.
    if (this.#followed.size > limit + 1) return this.#stop({ kind: 'too-many' }, seen, `more than ${limit} aliases`);
    if (depth > deepest) return this.#stop({ kind: 'too-deep', via }, seen, `deeper than ${deepest} aliases`);
    return whenThere(this.#ownerOf(step), owner => {
      if (owner !== null) this.#note(seen, `failures go to ${formatMailbox(owner)}`);
      const owned = owner === null ? step : { ...step, owner };
      // The last one in is the first one out.
      for (const target of alias.targets.toReversed()) this.#pending.push({ target, step: owned, member: null });
    });
  }

  #stop(trouble: Trouble, seen: Seen | null, inWords: string): void {
    this.#note(seen, inWords);
    this.found.stop(trouble);
  }

  #note(seen: Seen | null, outcome: string): void {
    if (seen !== null) seen.outcome = outcome;
  }

  /** `owner-list`, where that is an alias too. A catch-all and a pattern look after no list. */
  #ownerOf({ address, alias: { key } }: Step): Awaitable<Mailbox | null> {
    if (!this.#rules.owners || key.kind === 'catch-all' || key.localPart.startsWith('owner-')) return null;
    const owner = { localPart: `owner-${key.localPart}`, domain: address.domain };
    return whenThere(this.#rules.lookUp.find(owner, this.#call), match => {
      // What a pattern matches, nobody has named.
      if (match === null || match.entries === 'patterns') return null;
      const { key: named } = match.alias;
      return named.kind !== 'catch-all' && named.localPart === owner.localPart ? owner : null;
    });
  }

  async #include(path: string, { step }: Pending): Promise<void> {
    const members = await this.#rules.members(path);
    const outcome = members.length === 0 ? 'an empty list' : null;
    const within = { ...step, seen: noteBelow(step, `:include:${path}`, { outcome }) };
    for (const { target, at } of members.toReversed()) {
      if (this.#turns.isOver()) await this.#pause();
      this.#pending.push({ target, step: within, member: at });
    }
  }

  #recipient(mailbox: Mailbox, { step, member }: Pending): void {
    const via = member === null ? step.via : `${step.via} -> :include: (${member})`;
    const isNew = this.found.add(this.#keyOf(mailbox), { to: mailbox, via, ...ownedBy(step) });
    noteBelow(step, formatMailbox(mailbox), { by: member, outcome: isNew ? 'a recipient' : 'a recipient already' });
  }

  #led(target: Exclude<Special, { kind: 'include' }>, step: Step): void {
    const { commands, paths } = this.#rules.permission;
    const transport = (target.kind === 'command' ? commands : paths)?.transport;
    const argument = target.kind === 'command' ? target.command : target.path;
    const what = formatTarget(target);
    // The readers of the tables object before.
    if (transport === undefined) throw new Error(`nobody may deliver ${what}`);
    const expansion = {
      to: step.address,
      via: `${step.via} -> ${what}`,
      target: { transport, argument },
      ...ownedBy(step),
    };
    const isNew = this.found.add(` ${what}`, expansion);
    noteBelow(step, what, { outcome: isNew ? `delivered by ${transport}` : `delivered by ${transport} already` });
  }

  #keyOf(mailbox: Mailbox): string {
    return addressKey(mailbox, this.#rules.lookUp.rules.domains);
  }
}

function ownedBy({ owner }: Step): Pick<Expansion, 'owner'> {
  return owner === null ? {} : { owner };
}
