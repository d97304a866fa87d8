/** The header of a mail as people read it: what matters first, decoded, and what is odd about it. */
import { formatMailbox } from '../mail/path.ts';
import { type HeaderAddress, parseAddresses } from '../mime/addresses.ts';
import { decodeText } from '../mime/encoded-word.ts';
import type { HeaderBlock, HeaderField } from '../mime/header.ts';
import type { ReadField, ReadHeaderFields } from './message.ts';
import { oddAddress } from './odd-address.ts';

/** In the order in which they are shown. */
const SHOWN = ['From', 'Sender', 'Reply-To', 'To', 'Cc', 'Bcc', 'Date', 'Subject'] as const;
/** What holds addresses (RFC 5322 section 3.6). */
const ADDRESSED =
  /^(?:from|sender|reply-to|to|cc|bcc|(?:resent-)(?:from|sender|reply-to|to|cc|bcc)|disposition-notification-to)$/;
/** RFC 5322 section 3.6: at most one of each. Where there are more, programs differ in which they show. */
const ONCE = SHOWN;
/** So many of one name are shown; an attacker can write 100,000. */
const MOST_OF_A_NAME = 20;
/** A value is cut here. In characters. */
const LONGEST = 16 * 1024;
const MOST_ADDRESSES = 500;
/** So many fields are read. */
const MOST_FIELDS = 1000;

/** The fields of a header. */
export function headerFields(header: HeaderBlock): ReadHeaderFields {
  const byName = new Map<string, HeaderField[]>();
  for (const field of header.fields) {
    const name = field.name.toLowerCase();
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [field]);
    else same.push(field);
  }
  const shown = SHOWN.flatMap(name => (byName.get(name.toLowerCase()) ?? []).slice(0, MOST_OF_A_NAME).map(readField));
  const names = new Set<string>(SHOWN.map(name => name.toLowerCase()));
  const others = header.fields
    .filter(({ name }) => !names.has(name.toLowerCase()))
    .slice(0, MOST_FIELDS)
    .map(readField);
  return { shown: shown.filter(field => !isRepeated(field, shown)), others, oddities: oddities(header, byName, shown) };
}

/** A field, decoded. */
export function readField(field: HeaderField): ReadField {
  const { name } = field;
  const value = field.value.slice(0, LONGEST);
  const cut = value.length < field.value.length ? ' …' : '';
  if (!ADDRESSED.test(name.toLowerCase())) return { name, text: decodeText(value) + cut };
  const addresses = parseAddresses(value).slice(0, MOST_ADDRESSES);
  if (addresses.length === 0) return { name, text: decodeText(value) + cut, addresses };
  return { name, text: addressesInWords(addresses) + cut, addresses: addresses.map(plain) };
}

function plain({ name, address, group }: HeaderAddress) {
  return { name, address, group };
}

/** As people write them; the members of a group together. */
function addressesInWords(addresses: readonly HeaderAddress[]): string {
  const words: string[] = [];
  let group: string | null = null;
  for (const one of addresses) {
    if (one.group !== group && group !== null) words[words.length - 1] += ';';
    const start = one.group !== group && one.group !== null ? `${one.group}: ` : '';
    group = one.group;
    words.push(start + addressInWords(one));
  }
  return words.join(', ') + (group === null ? '' : ';');
}

function addressInWords({ name, address, mailbox }: HeaderAddress): string {
  const shown = mailbox === null ? address : formatMailbox(mailbox);
  if (name === null) return shown;
  // A name that could pass for an address, or for two, is told from one by its quotation marks.
  const quoted = /[<>@,;:"\\()]/.test(name) ? `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"` : name;
  return address === '' ? quoted : `${quoted} <${shown}>`;
}

/** A Sender or a Reply-To that says what From says is worth no line. */
function isRepeated(field: ReadField, all: readonly ReadField[]): boolean {
  if (!/^(?:sender|reply-to)$/i.test(field.name)) return false;
  const from = all.filter(({ name }) => name.toLowerCase() === 'from');
  return from.length === 1 && addressesOf(from[0]) === addressesOf(field);
}

function addressesOf(field: ReadField | undefined): string {
  return (field?.addresses ?? []).map(({ address }) => address.toLowerCase()).join(', ');
}

function oddities(
  header: HeaderBlock,
  byName: ReadonlyMap<string, readonly HeaderField[]>,
  shown: readonly ReadField[],
): readonly string[] {
  const found: string[] = [];
  for (const name of ONCE) {
    const count = byName.get(name.toLowerCase())?.length ?? 0;
    if (count > 1) found.push(`${count} ${name} fields: programs differ in which of them they show`);
  }
  if (!byName.has('from') && header.fields.length > 0) found.push('no From field');
  if (header.end === 'no-empty-line')
    found.push('no empty line ends the header: programs differ in where the text begins');
  const senders = shown.filter(({ name }) => /^(?:from|sender|reply-to)$/i.test(name));
  for (const { name, addresses } of senders) {
    for (const one of (addresses ?? []).slice(0, MOST_OF_A_NAME)) {
      found.push(...oddAddress(one).map(what => `${name}: ${what}`));
    }
  }
  return found;
}
