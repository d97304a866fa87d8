/**
 * What makes an address look like another one: a name that shows an address, letters of several alphabets in one domain,
 * characters that nobody sees.
 */
import { domainToASCII } from 'node:url';
import type { ReadAddress } from './message.ts';

/** The alphabets whose letters pass for each other (UTS 39). */
const ALPHABETS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
];
/** Takes no room on a screen, or turns what stands around it. */
const UNSEEN = /[\p{Cf}\p{Cc}\u115f\u1160\u3164]|\u034f/u;
const ADDRESS_IN_NAME = /[\w.+-]+@([\w-]+(?:\.[\w-]+)+)/u;

/** In words, one for each oddity. */
export function oddAddress({ name, address }: ReadAddress): readonly string[] {
  const found: string[] = [];
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const inName = ADDRESS_IN_NAME.exec(name ?? '');
  if (inName !== null && inName[0].toLowerCase() !== address.toLowerCase()) {
    found.push(`the name shows ${inName[0]}, the address is ${address}`);
  }
  if (UNSEEN.test(name ?? '') || UNSEEN.test(address)) found.push('there are characters in it that nobody sees');
  const mixed = domain.split('.').find(label => alphabetsIn(label).length > 1);
  const ascii = /[^\x00-\x7f]/.test(domain) ? domainToASCII(domain) : '';
  if (mixed !== undefined) {
    found.push(
      `the domain mixes letters of ${alphabetsIn(mixed).join(' and ')}${ascii === '' ? '' : `: it is ${ascii}`}`,
    );
  } else if (ascii !== '' && ascii !== domain.toLowerCase()) found.push(`the domain of ${address} is ${ascii}`);
  return found;
}

function alphabetsIn(label: string): readonly string[] {
  return ALPHABETS.filter(([, letters]) => letters.test(label)).map(([name]) => name);
}
