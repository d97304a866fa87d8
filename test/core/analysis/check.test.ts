/** `mailframe check` on configurations with one mistake each, and on their twins without it. */
import { readdirSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Checking, checked } from '../../../core/cli/check.ts';
import { secludedServices } from '../../../core/cli/inert-services.ts';
import { RESOLVER } from '../../../core/plugin/ports.ts';
import { type FakeZones, fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { authority, selfSigned, selfSignedAs } from '../../support/certificate.ts';
import { makeKey } from '../../support/openpgp-signing.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Complaint {
  readonly severity: string;
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly page: string;
}

interface Case {
  readonly listeners?: readonly string[];
  readonly plugins?: readonly string[];
  readonly routes?: readonly string[];
  readonly more?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly how?: Checking;
}

const POLICY = '{ use: relay-policy, options: { localDomains: [a.test] } }';
const BOXES = '{ use: mbox-delivery, as: boxes, options: { directory: ./var } }';
const OUT = '{ use: smtp-relay, as: out }';
const HOST = 'hosts: ["[192.0.2.25]:25"]';

/** The listeners start on line 3, the plugins on the line after them and a heading, the routes likewise. */
function yaml({ listeners, plugins, routes, more = '' }: Case): string {
  const list = (of: readonly string[]) => of.map(one => `  - ${one}`);
  return [
    'hostname: mx.a.test',
    'listeners:',
    ...list(listeners ?? ['{ id: inbound, address: 192.0.2.1, port: 2525 }']),
    'plugins:',
    ...list(plugins ?? [POLICY, BOXES]),
    'routes:',
    ...list(routes ?? ['{ deliver: boxes }']),
    more,
    '',
  ].join('\n');
}

async function found(one: Case): Promise<readonly string[]> {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries({ ...one.files, 'c.yaml': yaml(one) })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  const { ok, text } = await checked(join(folder, 'c.yaml'), { ...one.how, json: true });
  const { complaints } = JSON.parse(text.replaceAll(`${folder}/`, '')) as { complaints: readonly Complaint[] };
  expect(ok).toBe(complaints.every(({ severity }) => severity === 'warning'));
  return complaints.map(({ severity, code, file, line, column, message }) => {
    return `${file}:${line}:${column}: ${severity === 'warning' ? '' : 'error '}${code}: ${message}`;
  });
}

type Table = readonly (Case & { readonly what: string; readonly want: readonly unknown[]; readonly twin: Case })[];

function holdsFor(table: Table): void {
  test.each(table)('$what', async ({ want, twin, ...bad }) => {
    expect(await found(bad)).toEqual(want);
    expect(await found(twin)).toEqual([]);
  });
}

describe('conditions that hold of no mail', () => {
  const route = (when: string): Case => ({ routes: [`{ when: ${when}, deliver: boxes }`, '{ deliver: boxes }'] });
  const plugin = (when: string): Case => ({
    plugins: [POLICY, `{ use: policy, when: ${when}, options: { do: hold, reason: x } }`, BOXES],
  });
  const says = (line: number, column: number, text: string) => [
    `c.yaml:${line}:${column}: MF_CONDITION_NEVER: this holds of no mail: ${text}`,
  ];
  holdsFor([
    {
      what: 'a size above and below',
      ...route('{ size: { over: 10 MiB, under: 5 MiB } }'),
      want: says(8, 7, 'size is over 10 MiB and under 5 MiB'),
      twin: route('{ size: { over: 5 MiB, under: 10 MiB } }'),
    },
    {
      what: 'two domains at once, told without what is not to blame',
      ...route('{ sender: "*", all: [{ recipient: "@a.test" }, { recipient: "@b.test" }] }'),
      want: says(8, 7, 'recipient is @a.test and recipient is @b.test'),
      twin: route('{ sender: "*", all: [{ recipient: "@a.test" }, { recipient: ann@a.test }] }'),
    },
    {
      what: 'TLS on a listener that has none',
      ...plugin('{ listener: inbound, tls: true }'),
      want: says(6, 20, 'with TLS (no listener has TLS)'),
      twin: plugin('{ listener: inbound, tls: false }'),
    },
    {
      what: 'an alternative that is none',
      ...plugin('{ any: [{ size: { over: 5 MiB } }, { client: 10.0.0.0/8, not: { client: 10.0.0.0/7 } }] }'),
      want: [
        'c.yaml:6:61: MF_CONDITION_NEVER: this alternative holds of no mail: client is in 10.0.0.0/8 and not (client is in 10.0.0.0/7)',
      ],
      twin: plugin('{ any: [{ size: { over: 5 MiB } }, { client: 10.0.0.0/7, not: { client: 10.0.0.0/8 } }] }'),
    },
    {
      what: 'a fact that says two things',
      plugins: [
        POLICY,
        '{ use: pgp-verify, options: { keyring: ./keys } }',
        '{ use: policy, when: { all: [{ facts: { pgp: good } }, { not: { facts: { pgp: [good, bad] } } }] }, options: { do: hold, reason: x } }',
        BOXES,
      ],
      files: { 'keys/README': '' },
      want: says(7, 20, 'pgp is good and not (pgp is good or bad)'),
      twin: {
        plugins: [
          POLICY,
          '{ use: pgp-verify, options: { keyring: ./keys } }',
          '{ use: policy, when: { all: [{ facts: { pgp: [good, bad] } }, { not: { facts: { pgp: good } } }] }, options: { do: hold, reason: x } }',
          BOXES,
        ],
        files: { 'keys/README': '' },
      },
    },
  ]);
});

describe('routes that are never asked', () => {
  const plugins = [POLICY, BOXES, OUT];
  const destinations = (...list: readonly string[]): Case => ({
    more: `queue: { destinations: [${list.join(', ')}] }`,
  });
  const routes = (...list: readonly string[]): Case => ({ plugins, routes: [...list, `{ deliver: out, ${HOST} }`] });
  holdsFor([
    {
      what: 'behind a wider one',
      ...routes(
        '{ when: { recipient: "@a.test" }, deliver: boxes }',
        '{ when: { recipient: ann@a.test, client: 10.0.0.0/8 }, deliver: boxes }',
      ),
      want: ['c.yaml:10:5: MF_ROUTE_UNREACHABLE: never asked: the route on line 9 matches all of it before'],
      twin: routes(
        '{ when: { recipient: ann@a.test }, deliver: boxes }',
        '{ when: { recipient: "@a.test" }, deliver: boxes }',
      ),
    },
    {
      what: 'behind several that leave nothing over',
      ...routes(
        '{ when: { recipient: "@a.test", client: 0.0.0.0/0 }, deliver: boxes }',
        '{ when: { recipient: "@b.test" }, deliver: boxes }',
        '{ when: { recipient: "@a.test", client: "::/0" }, deliver: boxes }',
        '{ when: { recipient: ann@a.test }, deliver: boxes }',
      ),
      want: [
        'c.yaml:12:5: MF_ROUTE_UNREACHABLE: never asked: the routes on lines 9 and 11 together match all of it before',
      ],
      twin: routes(
        '{ when: { recipient: "@a.test", client: 0.0.0.0/0 }, deliver: boxes }',
        '{ when: { recipient: "@a.test", client: "2001:db8::/32" }, deliver: boxes }',
        '{ when: { recipient: ann@a.test }, deliver: boxes }',
      ),
    },
    {
      what: 'an entry of a map',
      ...routes(
        '{ when: { recipient: "@a.test" }, deliver: boxes }',
        `{ deliver: out, map: { "ann@a.test": "[192.0.2.1]:25", "@b.test": "[192.0.2.2]:25" } }`,
      ),
      want: [
        'c.yaml:10:28: MF_ROUTE_UNREACHABLE: "ann@a.test" is never asked for: the route on line 9 matches all of it before',
      ],
      twin: routes(
        `{ deliver: out, map: { "ann@a.test": "[192.0.2.1]:25", "@b.test": "[192.0.2.2]:25" } }`,
        '{ when: { recipient: "@a.test" }, deliver: boxes }',
      ),
    },
    {
      what: 'an entry of the destinations',
      ...destinations('{ match: ["@.big.test", "@big.test"] }', '{ match: ["@mx.big.test"] }'),
      want: [
        'c.yaml:9:65: MF_ROUTE_UNREACHABLE: never asked: what it matches, the entry on line 9 above matches before',
      ],
      twin: destinations('{ match: ["@mx.big.test"] }', '{ match: ["@.big.test", "@big.test"] }'),
    },
    {
      what: 'a transport that only they name',
      plugins,
      routes: ['{ deliver: boxes }', `{ deliver: out, ${HOST} }`],
      want: [
        'c.yaml:7:12: MF_PLUGIN_IDLE: never asked: the routes that name it never match',
        'c.yaml:10:5: MF_ROUTE_UNREACHABLE: never asked: the route above it matches all mail',
      ],
      twin: { plugins, routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }', `{ deliver: out, ${HOST} }`] },
    },
  ]);
});

describe('routes that lead back', () => {
  const back = (when: string, host: string, listener = 'inbound'): Case => ({
    listeners: [
      '{ id: inbound, address: 192.0.2.1, port: 25 }',
      '{ id: again, address: 127.0.0.1, port: 2526 }',
      '{ id: all, address: 0.0.0.0, port: 2527 }',
    ],
    plugins: [POLICY, BOXES, OUT],
    routes: [
      `{ when: ${when}, deliver: out, hosts: ["${host}"] }`,
      `{ when: { listener: ${listener} }, deliver: boxes }`,
      '{ deliver: boxes }',
    ],
  });
  holdsFor([
    {
      what: 'to the address of a listener',
      ...back('{ recipient: ann@b.test }', '[127.0.0.1]:2526'),
      want: [
        'c.yaml:11:61: MF_ROUTE_LOOP: 127.0.0.1 port 2526 is the listener "again" of this gateway, and mail that comes in there takes this route again: it goes round until it has too many hops',
      ],
      twin: back('{ recipient: ann@b.test, listener: inbound }', '[127.0.0.1]:2526'),
    },
    {
      what: 'to our own name',
      ...back('{ sender: "<>" }', 'mx.a.test:25'),
      want: [expect.stringContaining('mx.a.test port 25 is the listener "inbound"')],
      twin: back('{ sender: "<>" }', 'mx.a.test:2525'),
    },
    {
      what: 'to all addresses of this machine, unless it is another client then',
      ...back('{ client: 127.0.0.0/8 }', '[127.0.0.1]:2527'),
      want: [expect.stringContaining('127.0.0.1 port 2527 is the listener "all"')],
      twin: back('{ client: 10.0.0.0/8 }', '[127.0.0.1]:2527'),
    },
  ]);
});

describe('recipients that no route is for', () => {
  const mx = (options: string) => `{ use: mx-routing${options} }`;
  const plugins = [POLICY, mx(''), BOXES];
  holdsFor([
    {
      what: 'with an example of them',
      routes: [
        '{ when: { recipient: "@a.test" }, deliver: boxes }',
        '{ when: { recipient: "@.a.test", tls: false }, deliver: boxes }',
      ],
      want: [
        'c.yaml:7:1: MF_ROUTE_MISSING: no route matches mail to <someone@elsewhere.example>, without TLS: such mail waits until it bounces; end the list with a route without when',
      ],
      twin: {
        routes: ['{ when: { tls: true }, deliver: boxes }', '{ when: { not: { tls: true } }, deliver: boxes }'],
        listeners: ['{ id: inbound, address: 192.0.2.1, port: 25, tls: { cert: c.pem, key: k.pem } }'],
        files: pair('c.pem', 'k.pem', selfSigned('mx.a.test')),
        how: { expires: 3 },
      },
    },
    {
      what: 'in a domain whose mail is taken',
      plugins: ['{ use: relay-policy, options: { localDomains: [a.test, old.test] } }', BOXES],
      routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }'],
      want: [
        'c.yaml:5:60: MF_ROUTE_MISSING: relay-policy takes mail for @old.test, and no route matches mail to <someone@old.test>',
        expect.stringContaining('c.yaml:7:1: MF_ROUTE_MISSING: no route matches mail to <someone@elsewhere.example>'),
      ],
      twin: { plugins: ['{ use: relay-policy, options: { localDomains: [a.test, old.test] } }', BOXES] },
    },
    {
      what: 'where a plugin finds hosts, and no transport is named',
      plugins,
      routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }'],
      want: [expect.stringContaining('MF_ROUTE_MISSING')],
      twin: {
        plugins: [POLICY, mx(', options: { transport: out }'), BOXES, OUT],
        routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }'],
      },
    },
    {
      what: 'the notifications of the gateway itself',
      routes: ['{ when: { listener: inbound }, deliver: boxes }'],
      want: [
        'c.yaml:5:52: MF_ROUTE_MISSING: relay-policy takes mail for @a.test, and no route matches mail to <someone@a.test> of the gateway itself',
        expect.stringMatching(
          /MF_ROUTE_MISSING: no route matches mail to <someone@elsewhere.example> of the gateway itself: /,
        ),
      ],
      twin: {
        routes: ['{ when: { listener: inbound }, deliver: boxes }', '{ when: { sender: "<>" }, deliver: boxes }'],
      },
    },
  ]);
});

describe('signatures in the wrong order', () => {
  const VERIFY = '{ use: pgp-verify, options: { keyring: ./keys } }';
  const files = { 'keys/README': '' };
  const rewrite = (rule: string, more = '') => `{ use: mime-rewrite${more}, options: { rules: [${rule}] } }`;
  const FOOTER = '{ do: { footer: { text: Hello } } }';
  const of = (...plugins: readonly string[]): Case => ({ plugins: [POLICY, ...plugins, BOXES], files });
  holdsFor([
    {
      what: 'verified behind an edit that breaks them',
      ...of(rewrite(FOOTER), VERIFY),
      want: [
        'c.yaml:7:12: MF_CONTENT_ORDER: it verifies OpenPGP signatures that "mime-rewrite" above may have broken by its edits: move "pgp-verify" up, or let "mime-rewrite" leave signed mail alone',
      ],
      twin: of(VERIFY, rewrite(FOOTER)),
    },
    {
      what: 'unless signed mail is skipped',
      ...of(rewrite(FOOTER), VERIFY),
      want: [expect.stringContaining('MF_CONTENT_ORDER')],
      twin: of(rewrite('{ do: { footer: { text: Hello } }, signed: skip }'), VERIFY),
    },
    {
      what: 'unless the edit is of the header alone',
      ...of(rewrite(FOOTER), VERIFY),
      want: [expect.stringContaining('MF_CONTENT_ORDER')],
      twin: of(rewrite('{ do: [{ subjectTag: "[x]" }] }'), VERIFY),
    },
    {
      what: 'unless no mail meets both',
      ...of(rewrite(FOOTER, ', when: { client: 10.0.0.0/8 }'), VERIFY),
      want: [expect.stringContaining('MF_CONTENT_ORDER')],
      twin: of(
        rewrite(FOOTER, ', when: { client: 10.0.0.0/8 }'),
        VERIFY.replace(
          '{ use: pgp-verify',
          '{ use: pgp-verify, when: { not: { client: 10.0.0.0/9 }, any: [{ client: 192.0.2.0/24 }] }',
        ),
      ),
    },
    {
      what: "of a plugin of one's own, on the way out",
      ...of('{ use: ./stamper.ts }', '{ use: ./signer.ts }'),
      files: {
        'signer.ts': own("about: { handles: [{ does: 'signs', signatures: ['DKIM'] }] }, data: () => undefined"),
        'stamper.ts': own(
          "about: { handles: [{ at: 'deliver', does: 'breaks', signatures: ['DKIM'] }] }, around: (_, next) => next()",
        ),
      },
      want: [
        'c.yaml:7:12: MF_CONTENT_ORDER: the DKIM signatures that "signer" makes are broken by the edits of "stamper", which comes later: move "signer" below it',
      ],
      twin: {
        ...of('{ use: ./stamper.ts }', '{ use: ./signer.ts }'),
        files: {
          'signer.ts': own(
            "about: { handles: [{ at: 'deliver', does: 'signs', signatures: ['DKIM'] }] }, around: (_, next) => next()",
          ),
          'stamper.ts': own("about: { handles: [{ does: 'breaks', signatures: ['DKIM'] }] }, data: () => undefined"),
        },
      },
    },
    {
      what: 'opened below what looks inside',
      ...of('{ use: ./reader.ts }', '{ use: ./opener.ts }'),
      files: { 'reader.ts': handling('verifies'), 'opener.ts': handling('opens') },
      want: [
        'c.yaml:6:12: MF_CONTENT_ORDER: "reader" does not see what is signed inside of encrypted mail, which "opener" opens later: move "opener" above "reader"',
      ],
      twin: {
        ...of('{ use: ./opener.ts }', '{ use: ./reader.ts }'),
        files: { 'reader.ts': handling('verifies'), 'opener.ts': handling('opens') },
      },
    },
    {
      what: 'sealed before an edit',
      ...of('{ use: ./sealer.ts }', rewrite(FOOTER)),
      files: { 'sealer.ts': handling('seals') },
      want: [
        'c.yaml:6:12: MF_CONTENT_ORDER: "mime-rewrite" comes later and edits content, of which "sealer" leaves nothing but what is encrypted: move "sealer" below it',
      ],
      twin: { ...of(rewrite(FOOTER), '{ use: ./sealer.ts }'), files: { 'sealer.ts': handling('seals') } },
    },
  ]);
});

describe('open relay', () => {
  const open = (rcpt: string, more: Case = {}): Case => ({
    plugins: ['{ use: ./mine.ts }', POLICY, BOXES, OUT],
    routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }', `{ deliver: out, ${HOST} }`],
    files: {
      'mine.ts': own(`rcpt: ({ session, envelope, recipient: { forwardPath } }) => ${rcpt} ? accept : undefined`),
    },
    ...more,
  });
  const through = (said: string) => [
    expect.stringContaining(
      `c.yaml:5:12: error MF_OPEN_RELAY: an open relay: ${said} from 203.0.113.7, not authenticated, at the listener "inbound" is taken by "mine", and would leave by "out"`,
    ),
  ];
  const twin = open('forwardPath.domain === "b.test"');
  const proxied = (relayFor: string): Case => ({
    listeners: ['{ id: inbound, address: 192.0.2.1, port: 25, trust: { proxy: [192.0.2.10] } }'],
    plugins: [`{ use: relay-policy, options: { localDomains: [a.test], relayFor: [${relayFor}] } }`, OUT],
    routes: [`{ deliver: out, ${HOST} }`],
  });
  holdsFor([
    {
      what: 'a plugin that takes everything',
      ...open('true'),
      want: through(
        'EHLO client.elsewhere.example, MAIL FROM:<someone@elsewhere.example>, RCPT TO:<victim@elsewhere.example>',
      ),
      twin,
    },
    {
      what: 'trust in who says he is one of us',
      ...open('envelope.reversePath?.domain === "a.test"'),
      want: through('EHLO client.elsewhere.example, MAIL FROM:<someone@a.test>, RCPT TO:<victim@elsewhere.example>'),
      twin,
    },
    {
      what: 'trust in HELO',
      ...open('session.greeting?.domain === "mx.a.test"'),
      want: through('EHLO mx.a.test, MAIL FROM:<someone@elsewhere.example>, RCPT TO:<victim@elsewhere.example>'),
      twin,
    },
    {
      what: 'a domain that only begins like ours',
      ...open('forwardPath.domain.startsWith("a.test.")'),
      want: through(
        'EHLO client.elsewhere.example, MAIL FROM:<someone@elsewhere.example>, RCPT TO:<victim@a.test.elsewhere.example>',
      ),
      twin,
    },
    {
      what: 'a domain that only ends like ours',
      ...open('forwardPath.domain.endsWith("a.test") && forwardPath.domain !== "a.test"'),
      want: through('EHLO client.elsewhere.example, MAIL FROM:<someone@elsewhere.example>, RCPT TO:<victim@nota.test>'),
      twin,
    },
    {
      what: 'an address literal',
      ...open('forwardPath.domain.startsWith("[")'),
      want: through(
        'EHLO client.elsewhere.example, MAIL FROM:<someone@elsewhere.example>, RCPT TO:<victim@[198.51.100.25]>',
      ),
      twin,
    },
    {
      what: 'the percent hack, where the next host may know it',
      ...open('forwardPath.domain === "a.test"', {
        routes: [`{ deliver: out, ${HOST} }`],
        plugins: ['{ use: ./mine.ts }', OUT],
      }),
      want: [
        expect.stringMatching(
          /c.yaml:5:12: MF_OPEN_RELAY: an open relay: .* RCPT TO:<victim%elsewhere.example@mx.a.test>|RCPT TO:<victim%elsewhere.example@a.test>/,
        ),
      ],
      twin: open('forwardPath.domain === "a.test" && !/[%!@]/.test(forwardPath.localPart)'),
    },
    {
      what: 'a listener that only this machine reaches: a warning',
      ...open('true', { listeners: ['{ id: inbound, port: 2525 }'] }),
      want: [expect.stringMatching(/c.yaml:5:12: MF_OPEN_RELAY: .*only this machine reaches the listener/)],
      twin: open('false', { listeners: ['{ id: inbound, port: 2525 }'] }),
    },
    {
      what: 'a proxy that may relay, for clients whom it does not name: a warning',
      ...proxied('192.0.2.8/29'),
      want: [
        expect.stringMatching(
          /c.yaml:5:12: MF_OPEN_RELAY: .* from 192.0.2.10, for whomever its PROXY header does not name, not authenticated/,
        ),
      ],
      twin: proxied('192.0.2.0/29'),
    },
    {
      what: 'no relay: all mail of the world stays here',
      ...open('true'),
      want: [expect.anything()],
      twin: open('true', { routes: ['{ deliver: boxes }'], plugins: ['{ use: ./mine.ts }', BOXES] }),
    },
    {
      what: 'no relay: whoever sends has said who he is',
      ...open('true'),
      want: [expect.anything()],
      twin: open('true', {
        listeners: ['{ id: inbound, address: 192.0.2.1, port: 587, auth: required, tls: { cert: c.pem, key: k.pem } }'],
        plugins: ['{ use: users, options: { file: ./users } }', '{ use: ./mine.ts }', OUT],
        routes: [`{ deliver: out, ${HOST} }`],
        files: { 'mine.ts': own('rcpt: () => accept'), users: '', ...pair('c.pem', 'k.pem', selfSigned('mx.a.test')) },
      }),
    },
    {
      what: 'half of the internet and the other half',
      plugins: ['{ use: relay-policy, options: { localDomains: [a.test], relayFor: [0.0.0.0/1, 128.0.0.0/1] } }', OUT],
      routes: [`{ deliver: out, ${HOST} }`],
      want: [expect.stringContaining('error MF_CONFIG_OPTION: these are everybody together')],
      twin: {
        plugins: [
          '{ use: relay-policy, options: { localDomains: [a.test], relayFor: [203.0.113.0/24, 192.0.2.0/24] } }',
          OUT,
        ],
        routes: [`{ deliver: out, ${HOST} }`],
      },
    },
  ]);
});

describe('aliases', () => {
  const aliases = (text: string, more = '', files: Readonly<Record<string, string>> = {}): Case => ({
    plugins: [
      `{ use: alias-expansion, options: { file: ./aliases, domains: [a.test]${more} } }`,
      '{ use: relay-policy, options: { localDomains: [a.test], mailboxes: [ann, bob] } }',
      BOXES,
    ],
    files: { aliases: text, ...files },
  });
  holdsFor([
    {
      what: 'a target in our own domain that nobody has',
      ...aliases('staff: ann,\n  anne, carl@b.test\n\nbob: \\bob, "|x"\n'.replace(', "|x"', ', nobody@a.test')),
      want: [
        'aliases:2:3: MF_PLUGIN_FINDING: anne@a.test is nobody: there is no such alias, and the gateway refuses the mailbox',
        'aliases:4:12: MF_PLUGIN_FINDING: nobody@a.test is nobody: there is no such alias, and the gateway refuses the mailbox',
      ],
      twin: aliases('staff: ann,\n  anna, carl@b.test\n\nanna: bob\nbob: \\bob\n'),
    },
    {
      what: 'a member of a list',
      ...aliases('all: :include:./list\n', '', { list: 'ann\n# more\neve\n' }),
      want: [
        'list:3:1: MF_PLUGIN_FINDING: eve@a.test is nobody: there is no such alias, and the gateway refuses the mailbox',
      ],
      twin: aliases('all: :include:./list\n', '', { list: 'ann\nbob\n' }),
    },
    {
      what: 'a loop through two tables',
      ...aliases('one: two\n', ', tables: [{ map: { two: one } }]'),
      want: [
        expect.stringMatching(/^c.yaml:5:\d+: MF_PLUGIN_FINDING: two@a.test leads to itself/),
        expect.stringMatching(
          /^aliases:1:1: MF_PLUGIN_FINDING: one@a.test leads to itself, so its mail is never taken: one \(aliases:1\) -> two \(.*\) -> one/,
        ),
      ],
      twin: aliases('one: two\n', ', tables: [{ map: { two: ann } }]'),
    },
    {
      what: 'an entry that another table hides',
      ...aliases('one: ann\n', ', tables: [{ map: { one: bob } }]'),
      want: [expect.stringContaining('MF_PLUGIN_FINDING: one is never looked up here: one (aliases:1) goes before it')],
      twin: aliases('one: ann\n', ', tables: [{ map: { two: bob } }]'),
    },
    {
      what: 'a name that its one domain has already',
      ...aliases('one@a.test: ann\none: bob\n'),
      want: ['aliases:2:1: MF_PLUGIN_FINDING: one is never looked up here: one@a.test (aliases:1) goes before it'],
      twin: aliases('one@b.test: ann\none: bob\n'),
    },
    {
      what: 'all of them, below a plugin that knows the mailboxes',
      ...aliases('one: ann\n'),
      plugins: (aliases('').plugins ?? []).toSorted(
        (a, b) => Number(a.includes('alias')) - Number(b.includes('alias')),
      ),
      want: [
        'aliases:1:1: MF_PLUGIN_FINDING: one@a.test is refused before anybody looks for its alias: move this plugin above the one that refuses it',
      ],
      twin: aliases('one: ann\nnone: :fail: nobody here\n'),
    },
    {
      what: 'more recipients than may be',
      ...aliases('one: ann, bob\n', ', limit: 1'),
      want: [expect.stringContaining('aliases:1:1: MF_PLUGIN_FINDING: one@a.test leads to more than 1 recipients')],
      twin: aliases('one: ann, bob\n', ', limit: 2'),
    },
  ]);
});

function pair(cert: string, key: string, made: { readonly cert: string; readonly key: string }) {
  return { [cert]: made.cert, [key]: made.key };
}

function own(instance: string): string {
  return `import { accept, definePlugin } from 'mailframe';\nvoid accept;\nexport default definePlugin({ name: 'mine', create: () => ({ ${instance} }) });\n`;
}

function handling(does: string): string {
  return own(`about: { handles: [{ does: '${does}', signatures: ['OpenPGP'] }] }, data: () => undefined`);
}

describe('certificates', () => {
  const tls = (made: { readonly cert: string; readonly key: string }, how: Checking = {}): Case => ({
    listeners: ['{ id: inbound, address: 192.0.2.1, port: 25, tls: { cert: c.pem, key: k.pem } }'],
    files: pair('c.pem', 'k.pem', made),
    how,
  });
  const root = authority('Root');
  const middle = root.delegate('Middle');
  const issued = middle.issue({ commonName: 'mx.a.test', dns: ['mx.a.test'] });
  const other = authority('Other');
  holdsFor([
    {
      what: 'one that expires soon',
      ...tls(selfSignedAs({ commonName: 'mx.a.test', dns: ['mx.a.test'], until: 5 })),
      want: [
        expect.stringMatching(
          /^c.yaml:3:63: MF_LISTENER_CERTIFICATE: this certificate expires on \d{4}-\d\d-\d\d, in [45] days: renew it$/,
        ),
      ],
      twin: tls(selfSignedAs({ commonName: 'mx.a.test', dns: ['mx.a.test'], until: 5 }), { expires: 3 }),
    },
    {
      what: 'one that is for another name',
      ...tls(selfSigned('mail.b.test')),
      want: [
        'c.yaml:3:63: MF_LISTENER_CERTIFICATE: no certificate is for mx.a.test, but for mail.b.test: who checks the name of this host refuses it',
      ],
      twin: tls(selfSigned('mx.a.test')),
    },
    {
      what: 'one whose chain is in the wrong order',
      ...tls({ cert: issued.cert + other.cert, key: issued.key }),
      want: [
        expect.stringMatching(
          /MF_LISTENER_CERTIFICATE: .*CN=mx.a.test was issued by .*CN=Middle, whose certificate does not come next/,
        ),
      ],
      twin: tls({ cert: issued.cert + middle.cert, key: issued.key }),
    },
  ]);
});

describe('names that DNS does not know', () => {
  const zones: FakeZones = {
    'mx.a.test': { A: ['198.100.0.1'] },
    '198.100.0.1': { PTR: ['mx.a.test'] },
    'a.test': { MX: [[10, 'mx.a.test']] },
    'next.test': { A: ['198.100.0.9'] },
  };
  const live = (known: FakeZones): Case => ({
    plugins: [POLICY, BOXES, OUT],
    routes: ['{ when: { recipient: "@a.test" }, deliver: boxes }', '{ deliver: out, hosts: [next.test] }'],
    how: {
      live: true,
      scope: configuration => secludedServices(configuration).child().value(RESOLVER, fakeResolver(known)),
    },
  });
  const without = (name: string): FakeZones =>
    Object.fromEntries(Object.entries(zones).filter(([one]) => one !== name));
  const twin = live(zones);
  holdsFor([
    {
      what: 'a host of a route',
      ...live(without('next.test')),
      want: ['c.yaml:10:28: MF_NAME_UNRESOLVED: next.test has no address: there is no such name'],
      twin,
    },
    {
      what: 'that nobody can say is another thing',
      ...live({ ...zones, 'next.test': 'unavailable' }),
      want: [expect.stringContaining('MF_NAME_UNRESOLVED: nobody could say whether next.test has an address (')],
      twin,
    },
    {
      what: 'the host of a policy that is announced',
      ...live({ ...zones, '_mta-sts.a.test': { TXT: ['v=STSv1; id=1;'] } }),
      want: [
        'c.yaml:5:52: MF_NAME_UNRESOLVED: a.test announces an MTA-STS policy, and nobody can fetch it: mta-sts.a.test has no address: there is no such name',
      ],
      twin: live({
        ...zones,
        '_mta-sts.a.test': { TXT: ['v=STSv1; id=1;'] },
        'mta-sts.a.test': { A: ['198.100.0.3'] },
      }),
    },
    {
      what: 'our own name',
      ...live({ ...zones, 'mx.a.test': {} }),
      want: [
        expect.stringContaining('c.yaml:1:11: MF_NAME_UNRESOLVED: mx.a.test has no address'),
        expect.stringContaining(
          'c.yaml:5:52: MF_NAME_UNRESOLVED: nobody can send mail here: none of the hosts of a.test has an address: mx.a.test',
        ),
      ],
      twin,
    },
    {
      what: 'that nobody can say of our own domain',
      ...live({ ...zones, 'a.test': 'unavailable' }),
      want: [expect.stringMatching(/^c.yaml:5:52: MF_NAME_UNRESOLVED: nobody could say where mail for a.test goes \(/)],
      twin,
    },
    {
      what: 'an address that leads back to nobody',
      ...live(without('198.100.0.1')),
      want: [
        'c.yaml:1:11: MF_NAME_UNRESOLVED: 198.100.0.1 of mx.a.test leads back to no name: many refuse mail from such a host',
      ],
      twin,
    },
    {
      what: 'a domain of ours whose mail goes elsewhere',
      ...live({ ...zones, 'a.test': { MX: [[10, 'next.test']] } }),
      want: ['c.yaml:5:52: MF_NAME_UNRESOLVED: mail for a.test goes to next.test, which is not mx.a.test'],
      twin,
    },
  ]);
});

describe('the examples', () => {
  const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
  /** What an example needs that cannot lie beside it. */
  const made: Readonly<Record<string, () => Promise<Readonly<Record<string, string>>>>> = {
    submission: () =>
      Promise.resolve({ users: '', ...pair('tls/cert.pem', 'tls/key.pem', selfSigned('mx.example.test')) }),
    'sealed-mail': async () => ({
      'private/key.asc': (await makeKey([{ email: 'ann@example.test' }])).privateKey.armor(),
    }),
  };
  // The plugin of `embedded` is in its program.
  const names = readdirSync(EXAMPLES).filter(name => name !== 'embedded');
  test.each(names)('there is nothing to complain about in %s', async name => {
    const folder = join(await tempFolder(), name);
    await cp(join(EXAMPLES, name), folder, { recursive: true });
    for (const [file, text] of Object.entries((await made[name]?.()) ?? {})) await writeFile(join(folder, file), text);
    for (const file of readdirSync(folder).filter(one => one.endsWith('.config.yaml'))) {
      expect((await checked(join(folder, file), { strict: true })).text).toMatch(/: nothing to complain about\n$/);
    }
  });

  test('nor in the configuration that comes along', async () => {
    const file = fileURLToPath(new URL('../../../mailframe.config.yaml', import.meta.url));
    expect(await checked(file, { strict: true })).toEqual({ ok: true, text: `${file}: nothing to complain about\n` });
  });
});

describe('what the verb says in the end', () => {
  const warned: Case = { routes: ['{ deliver: boxes }', '{ when: { recipient: "@b.test" }, deliver: boxes }'] };

  test('strict: a warning is enough for exit code 1', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'c.yaml');
    await writeFile(file, yaml(warned));
    const [usual, strict, json] = [
      await checked(file),
      await checked(file, { strict: true }),
      await checked(file, { strict: true, json: true }),
    ];
    expect([usual.ok, strict.ok, json.ok]).toEqual([true, false, false]);
    expect(usual.text.replaceAll(`${folder}/`, '')).toBe(
      'c.yaml:9:5: warning: routes[1]: never asked: the route above it matches all mail\n\n1 warning; more in docs/errors.md#mf_route_unreachable\nc.yaml: can run as it is\n',
    );
    expect(strict.text).toMatch(/can run as it is, and --strict wants no warnings\n$/);
    expect(JSON.parse(json.text)).toMatchObject({
      ok: false,
      complaints: [{ code: 'MF_ROUTE_UNREACHABLE', page: 'docs/errors.md#mf_route_unreachable' }],
    });
  });

  test('a plugin that fails while it looks at itself keeps nobody else from looking', async () => {
    const failing = own("about: { findings: () => { throw new Error('no') } }, rcpt: () => undefined");
    const telling = own(
      "about: { findings: () => [{ path: [], message: 'odd', page: 'docs/mine.md' }] }, rcpt: () => undefined",
    );
    expect(
      await found({
        plugins: [POLICY, '{ use: ./failing.ts }', '{ use: ./telling.ts }', BOXES],
        files: { 'failing.ts': failing, 'telling.ts': telling },
      }),
    ).toEqual([
      'c.yaml:6:12: MF_PLUGIN_FINDING: "failing" cannot look at itself: no',
      'c.yaml:7:5: MF_PLUGIN_FINDING: odd',
    ]);
  });

  test('live: a plugin that has to start first is started, and what it lets through is found', async () => {
    const mine = [
      "import { accept, definePlugin } from 'mailframe';",
      'let started = false;',
      "export default definePlugin({ name: 'mine', create: () => ({ start() { started = true; }, rcpt() { if (started) return accept; throw new Error('not yet'); } }) });",
    ].join('\n');
    const one: Case = {
      plugins: ['{ use: ./mine.ts }', OUT],
      routes: [`{ deliver: out, ${HOST} }`],
      files: { 'mine.ts': mine },
    };
    expect(await found(one)).toEqual([]);
    const scope: Checking['scope'] = secludedServices;
    expect(await found({ ...one, how: { live: true, scope } })).toContainEqual(
      expect.stringContaining('error MF_OPEN_RELAY'),
    );
  });

  test('terminal: what an alias file says is no command to it', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'aliases'), 'one: "an\u202ene"\n');
    await writeFile(
      join(folder, 'c.yaml'),
      yaml({
        plugins: [
          '{ use: alias-expansion, options: { file: ./aliases, domains: [a.test] } }',
          '{ use: relay-policy, options: { localDomains: [a.test], mailboxes: [ann] } }',
          BOXES,
        ],
      }),
    );
    const { text } = await checked(join(folder, 'c.yaml'));
    expect(text).toContain('an\\u202ene@a.test');
    expect(text).not.toContain('\u202e');
  });

  test('an instance that says something else of itself than there is to say is refused', async () => {
    expect(
      await found({
        plugins: [POLICY, '{ use: ./mine.ts }', BOXES],
        files: { 'mine.ts': own("about: { taks: [], handles: 'all' }, rcpt: () => undefined") },
      }),
    ).toEqual([
      'c.yaml:6:12: error MF_PLUGIN_HOOK: the plugin mine: there is no statement "taks"; did you mean "takes"?',
      'c.yaml:6:12: error MF_PLUGIN_HOOK: the plugin mine: about.handles must be a list',
    ]);
  });
});
