/** A zone file in the place of DNS, for whoever looks at a configuration and wants no surprise. */
import { readFile } from 'node:fs/promises';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Resolver } from '../plugin/dns.ts';
import { zonesIn } from './zone-file.ts';
import { zoneResolver } from './zones.ts';

/** What the file does not hold does not exist. @throws MailframeError where it cannot be read, or is wrong */
export async function dnsFromFile(file: string): Promise<Resolver> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new MailframeError('MF_ZONE_FILE', `the zone file ${file} cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
  return zoneResolver(zonesIn(text, file));
}
