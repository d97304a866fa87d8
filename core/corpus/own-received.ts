/** What a Received field says of the client, where a machine of ours has written it: nobody else is believed. */
import { parseIpAddress } from '../mail/ip-address.ts';
import type { HeaderBlock } from '../mime/header.ts';
import type { ArrivalFacts } from './arrival.ts';

/** `from client.test (mail.client.test [192.0.2.7]) by mx.example.test with ESMTPS id …`, as Postfix and we write it. */
const CLIENT = /^from\s+(\S+)\s+\((?:[^()[\]]*\s)?\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]\)/;

/** Who wrote the field: the name behind `by`, in lower case. */
export function receivedBy(value: string): string | null {
  return /\sby\s+([\w.-]+)/.exec(value)?.[1]?.toLowerCase() ?? null;
}

/** The client of the topmost field that one of these machines wrote. */
export function clientInReceived(header: HeaderBlock, hostnames: readonly string[]): Pick<ArrivalFacts, 'ip' | 'helo'> {
  const ours = header.values('received').find(value => hostnames.includes(receivedBy(value) ?? ''));
  const [, helo, address = ''] = CLIENT.exec(ours ?? '') ?? [];
  const ip = parseIpAddress(address);
  if (ip === null || helo === undefined) return {};
  return helo === 'unknown' ? { ip } : { ip, helo };
}
