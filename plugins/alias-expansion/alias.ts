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
  /** `:fail: text`: there is no such recipient. */
  | { readonly kind: 'fail'; readonly text: string }
  /** `:defer: text`: not now. */
  | { readonly kind: 'defer'; readonly text: string }
  /** `:blackhole:` or `/dev/null`: taken, and thrown away. */
  | { readonly kind: 'blackhole' };

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

/** The name of an alias as a table writes it. */
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

/** An address as a table writes it. */
export function formatAddress({ localPart, domain }: Address): string {
  const address = domain === null ? formatLocalPart(localPart) : formatMailbox({ localPart, domain });
  // Without quotation marks it would be read as a comment, a file or a command.
  return /^[#/|]/.test(address) ? address.replace(formatLocalPart(localPart), written => `"${written}"`) : address;
}
