/** Which IP versions are used to reach a host, and which of them first. */
import { isIPv6 } from 'node:net';
import { z } from '../../core/index.ts';

/** The choice as it stands in the configuration. `any`: both, in the order in which DNS gave the addresses. */
export const familyChoice = z.enum(['any', 'ipv4', 'ipv6', 'ipv4-first', 'ipv6-first']);

export type FamilyChoice = z.output<typeof familyChoice>;

/** The addresses that the choice allows, in the order that it wants. */
export function chosenFamilies(addresses: readonly string[], choice: FamilyChoice): readonly string[] {
  const v6 = addresses.filter(address => isIPv6(address));
  const v4 = addresses.filter(address => !isIPv6(address));
  switch (choice) {
    case 'any':
      return addresses;
    case 'ipv4':
      return v4;
    case 'ipv6':
      return v6;
    case 'ipv4-first':
      return [...v4, ...v6];
    case 'ipv6-first':
      return [...v6, ...v4];
    default:
      return choice satisfies never;
  }
}
