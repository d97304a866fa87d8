/** Aliases: a name, and what it stands for. What the readers of tables make and the expansion walks. */
import { formatLocalPart, formatMailbox } from '../../core/index.ts';

/** An address as a table writes it: without a domain it is a name in the domain of whoever is looked up. */
export interface Address {
  readonly localPart: string;
  readonly domain: string | null;
}

/** One thing that an alias stands for. */
export type Target =
  | { readonly kind: 'address'; readonly address: Address }
  /** `\ann`: the mailbox itself, whatever aliases there are for it. */
  | { readonly kind: 'mailbox'; readonly address: Address }
  /** `@other.test`: whoever is looked up, in another domain. */
  | { readonly kind: 'domain'; readonly domain: string }
  /** `:fail: text`: there is no such recipient. */
  | { readonly kind: 'fail'; readonly text: string }
  /** `:defer: text`: not now. */
  | { readonly kind: 'defer'; readonly text: string }
  /** `:blackhole:` or `/dev/null`: taken, and thrown away. */
  | { readonly kind: 'blackhole' }
  | Special;

/** What needs the leave of the configuration. */
export type Special =
  /** `:include:path`: all whom a list names. */
  | { readonly kind: 'include'; readonly path: string }
  /** `|command`. */
  | { readonly kind: 'command'; readonly command: string }
  /** `/path`. */
  | { readonly kind: 'path'; readonly path: string };

/** Says why a table may not lead to this, and what to do about it; `null` where it may. */
export type Objection = (target: Special) => string | null;

/** Which recipients an alias is for. Lower case: names ignore case. */
export type AliasKey =
  /** `staff`: in every domain of the table. */
  | { readonly kind: 'name'; readonly localPart: string }
  /** `staff@example.test`. */
  | { readonly kind: 'mailbox'; readonly localPart: string; readonly domain: string }
  /** `@example.test`: whoever has no other alias there. */
  | { readonly kind: 'catch-all'; readonly domain: string };

/** One alias. */
export interface Alias {
  readonly key: AliasKey;
  /** At least one. */
  readonly targets: readonly Target[];
  /** Where it stands: `aliases:3`. */
  readonly at: string;
}

/** The name of an alias as a table writes it. No two that differ are written alike. */
export function formatKey(key: AliasKey): string {
  switch (key.kind) {
    case 'name':
      return formatAddress({ ...key, domain: null });
    case 'mailbox':
      return formatAddress(key);
    case 'catch-all':
      return `@${key.domain}`;
  }
}

/** One step of an expansion, for a person: `staff (aliases:3)`. */
export function formatStep(alias: Alias): string {
  return `${formatKey(alias.key)} (${alias.at})`;
}

/** A target as a table writes it. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'address':
      return formatAddress(target.address);
    case 'mailbox':
      return `\\${formatAddress(target.address)}`;
    case 'domain':
      return `@${target.domain}`;
    case 'fail':
    case 'defer':
      return `:${target.kind}: ${target.text}`.trimEnd();
    case 'blackhole':
      return ':blackhole:';
    case 'include':
      return quoted(`:include:${target.path}`);
    case 'command':
      return quoted(`|${target.command}`);
    case 'path':
      return quoted(target.path);
  }
}

/** An address as a table writes it. */
export function formatAddress({ localPart, domain }: Address): string {
  const address = domain === null ? formatLocalPart(localPart) : formatMailbox({ localPart, domain });
  // Without quotation marks it would be read as a comment, a file or a command.
  return /^[#/|]/.test(address) ? address.replace(formatLocalPart(localPart), written => `"${written}"`) : address;
}

/** What has commas or quotation marks in it stands between quotation marks. */
function quoted(text: string): string {
  return /["\\,\s#]/.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : text;
}
