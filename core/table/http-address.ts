/**
 * The address of a request.
 *
 * Guarantee (request forgery): a key chooses neither the server nor another path than the one that is written. It is
 * percent-encoded, and where it would be a step up or none (`..`, `.`) nobody is asked.
 */
import { type KeyParts, partsOf, Template } from './placeholders.ts';

/** The address for a key; `null` where there can be none. */
export function addressFor(template: Template, parts: KeyParts): string | null {
  const address = template.fill(parts, encodeURIComponent);
  if (address === null) return null;
  const [path = ''] = address.split(/[?#]/, 1);
  return path.split('/').some(step => step === '.' || step === '..') ? null : address;
}

/** What is wrong with an address, or `null`. */
export function faultOfAddress(url: string, method: 'GET' | 'POST'): string | null {
  const { authority = '' } = /^https?:\/\/(?<authority>[^/?#]*)/i.exec(url)?.groups ?? {};
  if (new Template(authority).names.length > 0) {
    return 'a placeholder may stand in the path and behind the question mark only: a key must not choose the server';
  }
  if (authority.includes('@')) return 'holds a user or a password: write it under "token" or "headers", as a secret';
  if (!URL.canParse(new Template(url).fill(partsOf('a@a'), encodeURIComponent) ?? ''))
    return 'is no address of a service';
  if (method === 'GET' && new Template(url).names.length === 0) {
    return 'has no placeholder, so every key would have the same answer: use :key, :local, :domain';
  }
  return null;
}
