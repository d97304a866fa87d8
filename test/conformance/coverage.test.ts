/** Nothing in the corpus about SMTP, addresses and transport security is passed over in silence: each table has its test, or a reason to have none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { corpus, corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { jsmimeSuitesLeft } from '../support/header-tables.ts';

/** By path, or by path and suite: the test that reads it. A folder stands for all that is in it. */
const READ_BY: Readonly<Record<string, string>> = {
  'address/isemail': 'address-path',
  'address/postfix-tok822/mail_addr_crunch': 'address-postfix',
  'address/postfix-tok822/mail_addr_find': 'address-postfix',
  'address/postfix-tok822/off_cvt': 'address-postfix',
  'address/postfix-tok822/resolve_clnt': 'address-postfix',
  'address/postfix-tok822/rewrite_clnt': 'address-postfix',
  'address/rspamd-from': 'address-header',
  'address/stalwart-mail-parser/address': 'address-header',
  'address/stalwart-mail-parser/content_type': 'mime-header',
  'address/stalwart-mail-parser/unstructured': 'mime-header',
  'address/thunderbird-jsmime': 'address-header',
  'address/transcribed': 'address-path',
  'smtp/james-mpt': 'smtp-james',
  'smtp/postfix-cleanup': 'postfix-cleanup',
  'smtp/postfix-dns': 'postfix-dns',
  'smtp/postfix-smtpd': 'smtp-postfix',
  'smtp/smuggling': 'smtp-smuggling',
  'smtp/starttls': 'smtp-starttls',
  'transport-sec/mta-sts': 'transport-security',
  'transport-sec/stalwart-tlsrpt': 'transport-security',
};

const NO_DATES = 'nothing here reads the date of a mail: it is passed on as it is';
const NO_IDS = 'nothing here reads message identifiers: threads are the business of who shows the mail';

const NOT_READ: Readonly<Record<string, string>> = {
  'address/postfix-tok822/mail_parm_split': "how Postfix's own configuration is cut into words; ours is YAML",
  'address/stalwart-mail-parser/date': NO_DATES,
  'address/stalwart-mail-parser/id': NO_IDS,
  'address/stalwart-mail-parser/list': 'nothing here reads lists of keywords',
  'address/stalwart-mail-parser/received':
    'Received fields are counted, and what strangers say in them is not believed',
};

/** Suites of jsmime that are none of addresses, parameters and text. */
const SUITES_NOT_READ: Readonly<Record<string, string>> = {
  parseDateHeader: NO_DATES,
  'NNTP-Posting-Date': NO_DATES,
  'In-Reply-To': NO_IDS,
  References: NO_IDS,
};

const NO_TABLE = /(?:^|\/)(?:LICENSE.*|license\.md|SOURCE\.txt)$/;

/** Data of a topic without their endings: `address/isemail/tests`. */
function tablesOf(topic: string): readonly string[] {
  const files = readdirSync(corpus(topic), { recursive: true, withFileTypes: true }).filter(file => file.isFile());
  const paths = files.map(file => `${topic}${file.parentPath.slice(corpus(topic).length)}/${file.name}`);
  return [...new Set(paths.filter(path => !NO_TABLE.test(path)).map(path => path.replace(/(?:\.text)?\.\w+$/, '')))];
}

const isIn = (path: string, key: string) => path === key || path.startsWith(`${key}/`);

/** The text of a test, and of what it has from the folder `support`. */
function sourceOf(name: string): string {
  const path = fileURLToPath(new URL(`./${name}.test.ts`, import.meta.url));
  if (!existsSync(path)) return '';
  const text = readFileSync(path, 'utf8');
  const helpers = [...text.matchAll(/'(\.\.\/support\/[^']+)'/g)].map(
    ([, helper = '']) => new URL(helper, import.meta.url),
  );
  return [text, ...helpers.map(helper => readFileSync(helper, 'utf8'))].join('\n');
}

describeWithCorpus('the corpus', () => {
  const tables = corpusPresent ? ['smtp', 'address', 'transport-sec'].flatMap(tablesOf) : [];

  test.for(tables)('%s has a test or a reason', table => {
    const keys = [...Object.keys(READ_BY), ...Object.keys(NOT_READ)].filter(key => isIn(table, key));
    expect(keys).toHaveLength(1);
  });

  test.for(Object.entries(READ_BY))('%s is read by %s', ([key, name]) => {
    expect(tables.some(table => isIn(table, key))).toBe(true);
    const [, project = '', table = ''] = key.split('/');
    const source = sourceOf(name);
    expect(source).toContain(`'${project}'`);
    expect(source).toContain(table);
  });

  test('the suites of jsmime have a test or a reason', () => {
    expect(jsmimeSuitesLeft().toSorted()).toEqual(Object.keys(SUITES_NOT_READ).toSorted());
  });

  afterAll(() => {
    const left = { ...NOT_READ, ...SUITES_NOT_READ };
    const lines = Object.entries(left).map(([key, reason]) => `  ${key}: ${reason}`);
    console.info([`tables without a test: ${lines.length}`, ...lines].join('\n'));
  });
});
