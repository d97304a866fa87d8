/** Envelope paths against the tables of other projects: is_email, Haraka, go-smtp. */
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { parseParameters } from '../../core/mail/parameters.ts';
import { formatPath, parseForwardPath, parseReversePath } from '../../core/mail/path.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

const options = { smtpUtf8: true, postmasterDomain: 'mx.example.test' };

interface IsEmailCase {
  readonly id: string;
  readonly address: string;
  readonly category: string;
  readonly diagnosis: string;
}

/** In that file the characters from U+2400 on stand for control characters. */
function isEmailCases(): readonly IsEmailCase[] {
  const xml = readFileSync(corpus('address', 'isemail', 'tests.xml'), 'utf8');
  const text = (test: string, tag: string) =>
    (new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(test)?.[1] ?? '')
      .replaceAll(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
      .replaceAll(/&#([0-9]+);/g, (_, number: string) => String.fromCodePoint(Number(number)))
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
      .replaceAll(/[\u2400-\u241f]/g, symbol => String.fromCharCode(symbol.charCodeAt(0) - 0x2400));
  return [...xml.matchAll(/<test id="(\d+)">([^]*?)<\/test>/g)].map(([, id = '', test = '']) => ({
    id,
    address: text(test, 'address'),
    category: text(test, 'category'),
    diagnosis: text(test, 'diagnosis'),
  }));
}

/** What an envelope may hold. The rest is legal in a header at most. */
const ENVELOPE = new Set(['ISEMAIL_VALID_CATEGORY', 'ISEMAIL_DNSWARN', 'ISEMAIL_RFC5321']);

interface Transcribed {
  readonly harakaAddress: readonly {
    readonly input: string;
    readonly valid: boolean;
    readonly user?: string;
    readonly host?: string;
  }[];
  readonly harakaRfc1869: readonly { readonly line: string; readonly parsed?: readonly string[] }[];
  readonly goSmtpReversePath: readonly {
    readonly reversePath: string;
    readonly path?: string;
    readonly after?: string;
    readonly error?: boolean;
  }[];
}

const NO_BRACKETS = 'a path has angle brackets (RFC 5321 section 4.1.2); clients that leave them out are told so';
const POSTMASTER = 'a postmaster without a domain is one of ours: our hostname is put in';
const NO_DOMAIN = 'only the postmaster, and only as a recipient, may be without a domain (RFC 5321 section 4.1.1.3)';

describeWithCorpus('envelope paths of other projects', () => {
  const transcribed = () =>
    JSON.parse(readFileSync(corpus('address', 'transcribed', 'cases.json'), 'utf8')) as Transcribed;

  test('is_email', () => {
    const verdicts = isEmailCases().map(({ id, address, category, diagnosis }): Verdict => {
      const found = parseForwardPath(`<${address}>`, { ...options, smtpUtf8: false });
      const accepted = found.kind === 'path' && found.rest === '';
      return compared(`${id} ${diagnosis}`, accepted, ENVELOPE.has(category));
    });
    tally('address/isemail', verdicts);
  });

  test('Haraka: addresses', () => {
    const verdicts = transcribed().harakaAddress.map(({ input, valid, user, host }): Verdict => {
      const found = input.startsWith('<postmaster')
        ? parseForwardPath(input, options)
        : parseReversePath(input, options);
      if (found.kind === 'malformed') return compared(input, false, valid);
      const [, local = '', domain = ''] = /^<(?:(.*)@(.*))?>$/.exec(formatPath(found.path)) ?? [];
      const same = (user ?? local) === local && (host ?? domain) === domain;
      return compared(input, [valid, local, domain], [same, user ?? local, host ?? domain]);
    });
    tally('address/transcribed harakaAddress', verdicts, {
      '<postmaster>': POSTMASTER,
      'foo@example.com': NO_BRACKETS,
      'foo@foo.x.example.com': NO_BRACKETS,
    });
  });

  test('Haraka: MAIL and RCPT lines', () => {
    const verdicts = transcribed().harakaRfc1869.map(({ line, parsed }, index): Verdict => {
      const argument = line.slice(line.indexOf(':') + 1);
      const found = line.startsWith('MAIL') ? parseReversePath(argument, options) : parseForwardPath(argument, options);
      const parameters = found.kind === 'path' ? parseParameters(found.rest) : found;
      const got =
        found.kind === 'path' && parameters.kind === 'parameters'
          ? [
              formatPath(found.path),
              ...parameters.list.map(({ keyword, value }) => (value === null ? keyword : `${keyword}=${value}`)),
            ]
          : null;
      return compared(
        `${index} ${line}`,
        got,
        parsed?.map((word, at) => (at === 0 ? word : word.replace(/^[^=]*/, name => name.toUpperCase()))) ?? null,
      );
    });
    tally('address/transcribed harakaRfc1869', verdicts, {
      '1 MAIL FROM:': NO_BRACKETS,
      '2 MAIL FROM:<postmaster>': NO_DOMAIN,
      '3 MAIL FROM:user': NO_BRACKETS,
      '4 MAIL FROM:user size=1234': NO_BRACKETS,
      '5 MAIL FROM:user@domain size=1234': NO_BRACKETS,
      '11 RCPT TO: 0@mailblog.biz 0=9 1=9': NO_BRACKETS,
      '14 RCPT TO:<postmaster>': POSTMASTER,
      '15 RCPT TO:<abuse>': NO_DOMAIN,
    });
  });

  test('go-smtp: reverse-paths', () => {
    const verdicts = transcribed().goSmtpReversePath.map(({ reversePath, path, after, error }): Verdict => {
      const found = parseReversePath(reversePath, options);
      const got = found.kind === 'path' ? [formatPath(found.path).slice(1, -1), found.rest] : null;
      return compared(reversePath === '' ? '(nothing)' : reversePath, got, error ? null : [path, after]);
    });
    tally('address/transcribed goSmtpReversePath', verdicts, {
      'root@nsa.gov': NO_BRACKETS,
      'root@nsa.gov AUTH=asdf@example.org': NO_BRACKETS,
    });
  });
});
