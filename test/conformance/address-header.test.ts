/** Address fields against the tables of other projects: jsmime of Thunderbird, Stalwart's mail-parser, mails of rspamd. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseMailbox } from '../../core/mail/path.ts';
import { authors, formatAddress, type HeaderAddress, parseAddresses } from '../../core/mime/addresses.ts';
import { parseHeader } from '../../core/mime/header.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { jsmimeRows, stalwartRows } from '../support/header-tables.ts';
import { compared, tally } from '../support/tally.ts';

/** An address as these tables write it. */
interface Listed {
  readonly name: string;
  readonly email: string;
  readonly group: string | null;
}

const listed = (addresses: readonly HeaderAddress[]): readonly Listed[] =>
  addresses.map(({ name, address, group }) => ({ name: name ?? '', email: address, group }));

/** The addresses of a table that mail can be sent to and that we did not find. */
function lost(found: readonly HeaderAddress[], want: readonly Listed[]): readonly string[] {
  const mailboxes = new Set(found.map(({ mailbox }) => JSON.stringify(mailbox)));
  return want
    .map(({ email }) => email)
    .filter(email => parseMailbox(email) !== null && !mailboxes.has(JSON.stringify(parseMailbox(email))));
}

/** The addresses that are not the same when they are written and read again. */
function changed(found: readonly HeaderAddress[]): readonly string[] {
  return found.flatMap(({ name, mailbox }) => {
    if (mailbox === null) return [];
    const written = formatAddress(name, mailbox);
    const again = parseAddresses(written).map(each => [each.name, each.mailbox]);
    return JSON.stringify(again) === JSON.stringify([[name, mailbox]]) ? [] : [written];
  });
}

type JsmimeEntry =
  | { readonly name: string; readonly email: string }
  | { readonly name: string; readonly group: readonly { readonly name: string; readonly email: string }[] };

const fromJsmime = (entries: readonly JsmimeEntry[]): readonly Listed[] =>
  entries.flatMap((entry): readonly Listed[] =>
    'group' in entry ? entry.group.map(each => ({ ...each, group: entry.name })) : [{ ...entry, group: null }],
  );

interface StalwartAddress {
  readonly name: string | null;
  readonly address: string | null;
}

interface StalwartAddresses {
  readonly List?: readonly StalwartAddress[];
  readonly Group?: readonly { readonly name: string | null; readonly addresses: readonly StalwartAddress[] }[];
}

const fromStalwart = ({ List, Group }: StalwartAddresses): readonly Listed[] =>
  [...(List === undefined ? [] : [{ name: null, addresses: List }]), ...(Group ?? [])].flatMap(({ name, addresses }) =>
    addresses.map(each => ({ name: each.name ?? '', email: each.address ?? '', group: name })),
  );

const COMMENT = 'a comment is the name only where no name stands before the address';
const COMMENTS = 'the name is made of all comments, not of the last one';
const BOTH = 'both addresses are listed, because clients differ in which one they show';
const QUOTES = 'quotation marks that need not be are left out of the address';
const LITERAL = 'no encoded word stands in an address (RFC 2047 section 5); it is shown as it is, and is no mailbox';
const SPACES = 'odd blanks and invisible characters stay in a name';

describeWithCorpus('address fields of other projects', () => {
  test('jsmime of Thunderbird', () => {
    const rows = jsmimeRows<readonly JsmimeEntry[]>('addresses').map(({ id, values, want }) => {
      return { id, found: values.flatMap(parseAddresses), want: fromJsmime(want) };
    });
    for (const { found } of rows) expect(changed(found)).toEqual([]);
    tally(
      'address/thunderbird-jsmime addresses',
      rows.map(({ id, found, want }) => compared(id, listed(found), want)),
      {
        'parseAddressingHeader 3': QUOTES,
        'parseAddressingHeader 8': COMMENT,
        'parseAddressingHeader 9': BOTH,
        'parseAddressingHeader 10': 'a quotation mark without its other half stays in the name',
        'parseAddressingHeader 11': BOTH,
        'parseAddressingHeader 12': QUOTES,
        'parseAddressingHeader 23': COMMENT,
        'parseAddressingHeader 30': COMMENTS,
        'parseAddressingHeader 31': COMMENTS,
        'parseAddressingHeader 32': COMMENTS,
        'parseAddressingHeader 33': BOTH,
        'parseAddressingHeader (RFC 2047 support) 4': LITERAL,
        'parseAddressingHeader (RFC 2047 support) 7': COMMENTS,
        'parseAddressingHeader (RFC 2047 support) 8': COMMENT,
        'parseAddressingHeader (RFC 2047 support) 11': SPACES,
        'parseAddressingHeader (RFC 2047 support) 12': SPACES,
      },
    );
    tally(
      'address/thunderbird-jsmime recipients',
      rows.map(({ id, found, want }) => compared(id, lost(found, want), [])),
      { 'parseAddressingHeader (RFC 2047 support) 4': LITERAL },
    );
  });

  test("Stalwart's mail-parser", () => {
    const rows = stalwartRows<StalwartAddresses>('address').map(({ id, values, want }) => {
      return { id, found: values.flatMap(parseAddresses), want: fromStalwart(want) };
    });
    for (const { found } of rows) expect(changed(found)).toEqual([]);
    tally(
      'address/stalwart-mail-parser addresses',
      rows.map(({ id, found, want }) => compared(id, listed(found), want)),
      {
        6: COMMENT,
        7: 'a field is unfolded before it is read, and so the backslash before the line end escapes the blank after it',
        8: COMMENT,
        9: 'a comment alone is nobody',
        13: COMMENT,
        32: COMMENT,
      },
    );
    tally(
      'address/stalwart-mail-parser recipients',
      rows.map(({ id, found, want }) => compared(id, lost(found, want), [])),
    );
  });

  test('rspamd: every mail has an author, and all that it names can be sent mail to', () => {
    const folder = corpus('address', 'rspamd-from');
    const mails = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.eml'));
    const rows = mails.map(path => {
      const header = parseHeader(readFileSync(`${folder}/${path}`));
      const others = ['reply-to', 'to'].flatMap(field => header.values(field).flatMap(parseAddresses));
      return { path, from: authors(header), all: [...authors(header), ...others] };
    });
    for (const { all } of rows) expect(changed(all)).toEqual([]);
    tally(
      'address/rspamd-from',
      rows.map(({ path, from, all }) =>
        compared(path, [from.length, all.filter(({ mailbox }) => mailbox === null)], [1, []]),
      ),
    );
  });
});
