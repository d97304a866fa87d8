/** Address patterns as conditions and routes write them. */
import type { ReversePath } from './address.ts';
import type { AddressPattern } from './condition.ts';
import { parseDomain } from './domain.ts';
import { formatMailbox, parseMailbox, sameMailbox } from './path.ts';

/**
 * Reads a pattern: `<>`, `*`, `@example.test`, `@.example.test` or `ann@example.test`.
 * @returns `null` where the text is none of them.
 */
export function parseAddressPattern(text: string): AddressPattern | null {
  if (text === '<>') return { kind: 'null' };
  if (text === '*') return { kind: 'any' };
  if (!text.startsWith('@')) {
    const mailbox = parseMailbox(text);
    return mailbox === null ? null : { kind: 'mailbox', mailbox };
  }
  const subdomains = text.startsWith('@.');
  const domain = parseDomain(text.slice(subdomains ? 2 : 1));
  return domain === null || (subdomains && domain.startsWith('[')) ? null : { kind: 'domain', domain, subdomains };
}

/** Writes a pattern so that `parseAddressPattern` reads the same one. */
export function formatAddressPattern(pattern: AddressPattern): string {
  switch (pattern.kind) {
    case 'null':
      return '<>';
    case 'any':
      return '*';
    case 'domain':
      return `@${pattern.subdomains ? '.' : ''}${pattern.domain}`;
    case 'mailbox':
      return formatMailbox(pattern.mailbox);
    default:
      return pattern satisfies never;
  }
}

/** Whether a pattern means this path. `*` means every path, the null reverse-path too; a domain means no null path. */
export function matchesAddress(pattern: AddressPattern, path: ReversePath): boolean {
  switch (pattern.kind) {
    case 'null':
      return path === null;
    case 'any':
      return true;
    case 'domain':
      if (path === null) return false;
      return pattern.subdomains ? path.domain.endsWith(`.${pattern.domain}`) : path.domain === pattern.domain;
    case 'mailbox':
      return path !== null && sameMailbox(path, pattern.mailbox);
    default:
      return pattern satisfies never;
  }
}
