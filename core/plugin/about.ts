/**
 * What a plugin says of itself to whoever looks at the configuration: `mailframe check`. Nothing here changes what becomes of
 * mail. What a plugin leaves out, nothing is concluded from.
 */
import type { Mailbox } from '../mail/address.ts';
import type { AddressPattern } from '../mail/condition.ts';
import type { Position } from '../mail/error.ts';
import type { Awaitable } from './awaitable.ts';

/** A way into the options: `['rules', 0, 'do']`. */
export type OptionPath = readonly (string | number)[];

/** Signatures of content. */
export type SignatureKind = 'DKIM' | 'OpenPGP' | 'S/MIME';

/** Something that is done to content, and to its signatures. */
export interface Handling {
  /** At the hook `data`, or on the way to the transport (`around` at `deliver`). Left out: at `data`. */
  readonly at?: 'data' | 'deliver';
  /** `breaks`: it edits content in spite of such signatures. `opens`: what is signed inside can be seen from then on. */
  readonly does: 'verifies' | 'breaks' | 'signs' | 'seals' | 'opens';
  readonly signatures: readonly SignatureKind[];
}

/** Recipients that it takes from anyone. */
export interface Taken {
  readonly recipients: AddressPattern;
  /** The option that says so: `['localDomains', 0]`. */
  readonly path: OptionPath;
}

/** A name that it asks DNS for sooner or later. */
export interface NamedHost {
  readonly name: string;
  /** `host`: it must have an address. `domain`: mail goes there, so it must have MX records or an address. */
  readonly is: 'host' | 'domain';
  readonly path: OptionPath;
}

/** Something that is not as somebody meant it, although the plugin can run. */
export interface PluginFinding {
  /** The option that it is about. */
  readonly path: OptionPath;
  /** Where it stands, if in a file of the plugin's own. Left out: at the option. */
  readonly place?: Position;
  /** What is wrong, why, and what to do, in one sentence. */
  readonly message: string;
  /** Where that is explained: a page, or a page and a heading. Left out: the errors' page. */
  readonly page?: string;
}

/** What a plugin may ask while it looks for findings. */
export interface Examination {
  /**
   * What a client that nobody knows would hear if it named this recipient, of all plugins together. `unclaimed`: no plugin
   * takes it; `refused`: a plugin says that there is no such recipient; `unsaid`: nobody can say now.
   */
  ask(recipient: Mailbox): Awaitable<'taken' | 'unclaimed' | 'refused' | 'unsaid'>;
  /** Aborted when there is no more time: what was found by then counts. */
  readonly signal: AbortSignal;
}

export interface About {
  readonly takes?: readonly Taken[];
  readonly handles?: readonly Handling[];
  readonly names?: readonly NamedHost[];
  /** For one that answers `route`: it finds hosts for routes that name a transport, and answers nothing where no route does. */
  readonly routes?: 'hosts-only';
  /** Looks at its tables as they are now. Must not act. */
  findings?(examination: Examination): Awaitable<readonly PluginFinding[]>;
}
