/** The text of a first configuration: what was asked for, and a comment where somebody may want to change it. */
import { parseHost } from '../../mail/host.ts';
import { type Answers, PURPOSES } from './answers.ts';

/** The configuration that does what the answers say. It passes `mailframe check` in a folder with the files beside it. */
export function configurationText(answers: Answers): string {
  const plugins = [users, aliases, relayPolicy, verify, sign, routing, mailboxes, relay].flatMap(one => one(answers));
  return `# yaml-language-server: $schema=./mailframe.schema.json
# A gateway for ${PURPOSES[answers.purpose]}. "npx mailframe check" looks at it, "npx mailframe start" runs it.

hostname: ${answers.hostname}

listeners:
${listener(answers)}
queue:
  directory: ./var/queue
  retry: { first: 5 min, factor: 2, longest: 4 h, giveUpAfter: 5 days, warnAfter: 4 h }

# The order of this list is the order in which plugins are asked. There is no other order.
plugins:
${plugins.join('\n')}
# Asked for each recipient on every attempt. The first route that matches decides.
routes:
${routes(answers)}`;
}

function listener(answers: Answers): string {
  const { purpose, address, port, tls } = answers;
  const id = purpose === 'submission' ? 'submission' : 'inbound';
  const reach = address === '127.0.0.1' ? ' # this machine alone; 0.0.0.0: all the world' : '';
  const lines = [
    `  - id: ${id}`,
    `    address: ${scalar(address)}${reach}`,
    `    port: ${port}${usual(answers)}`,
    '    maxSize: 25 MiB',
  ];
  if (tls !== null) lines.push(`    tls: { cert: ${scalar(tls.cert)}, key: ${scalar(tls.key)} }`);
  else if (purpose !== 'submission') lines.push('    # tls: { cert: ./tls/cert.pem, key: ./tls/key.pem }');
  if (purpose === 'submission') lines.push(...login(tls !== null));
  return `${lines.join('\n')}\n`;
}

/** Where others look for it: these ports need a privilege. */
function usual({ purpose, port }: Answers): string {
  const known = { mailboxes: 25, filter: 25, forward: null, submission: 587 }[purpose];
  if (known === null || known === port) return '';
  return purpose === 'submission' ? ` # clients look for ${known}` : ` # the world comes to ${known}`;
}

/** Without TLS, only what sends no password. */
function login(hasTls: boolean): readonly string[] {
  if (hasTls) return ['    auth: required', '    mechanisms: [PLAIN, LOGIN, SCRAM-SHA-256]'];
  return [
    '    auth: required',
    '    # Without a certificate only what sends no password. With one, add PLAIN and LOGIN, which all clients know:',
    '    # tls: { cert: ./tls/cert.pem, key: ./tls/key.pem }',
    '    mechanisms: [SCRAM-SHA-256]',
  ];
}

function users({ purpose }: Answers): readonly string[] {
  if (purpose !== 'submission') return [];
  return [
    `  # Who may send: "npx mailframe passwd --scram ./users ann" adds somebody.
  - use: users
    options: { file: ./users }
`,
  ];
}

function aliases({ purpose, domains }: Answers): readonly string[] {
  if (purpose !== 'mailboxes') return [];
  return [
    `  # Which names lead to which mailboxes.
  - use: alias-expansion
    options: { file: ./aliases, domains: [${domains.join(', ')}] }
`,
  ];
}

/** Whatever no plugin claims is refused. */
function relayPolicy({ purpose, domains, relay }: Answers): readonly string[] {
  const ours = domains.join(', ');
  const behind = relay === null ? null : addressOf(relay);
  const local = `127.0.0.0/8, "::1"`;
  const options = {
    mailboxes: [`localDomains: [${ours}] # anybody may send to these`, `relayFor: [${local}] # may send anywhere`],
    forward: [`relayFor: [${local}] # add the networks of the machines that may send`],
    submission: ['authenticated: relay # whoever has logged in may send anywhere'],
    filter: [
      `relayDomains: [${ours}] # anybody may send to these`,
      `relayFor: [${[local, ...(behind === null ? [] : [scalar(behind)])].join(', ')}] # may send anywhere`,
    ],
  }[purpose];
  return [
    `  # Who may send to whom. Whatever no plugin claims is refused.
  - use: relay-policy
    options:
${options.map(option => `      ${option}`).join('\n')}
`,
  ];
}

function verify({ pgp, domains }: Answers): readonly string[] {
  if (pgp !== 'verify') return [];
  const when = domains.length === 0 ? '' : `    when: { recipient: ${listed(domains)} }\n`;
  return [
    `  # Says whether OpenPGP signatures hold: a fact for conditions of plugins below. Put public keys into ./keys.
  - use: pgp-verify
${when}    options: { keyring: ./keys }
`,
  ];
}

function sign({ signKey, domains }: Answers): readonly string[] {
  if (signKey === null) return [];
  const when = domains.length === 0 ? '' : `    when: { not: { recipient: ${listed(domains)} } }\n`;
  return [
    `  # Signs for the author whose secret key this is; a folder may hold those of several.
  - use: pgp-sign
${when}    options: { keys: ${scalar(signKey)} }
`,
  ];
}

/** Where no relay takes all that leaves, the exchangers of each domain have to be found. */
function routing({ purpose, relay }: Answers): readonly string[] {
  if (relay !== null && purpose !== 'filter') return [];
  return ['  # Finds out where mail for other domains goes (RFC 5321, section 5).\n  - use: mx-routing\n'];
}

function mailboxes({ purpose, store }: Answers): readonly string[] {
  if (purpose !== 'mailboxes') return [];
  const folder = store === 'mbox' ? './var/mail' : './var/maildirs';
  return [`  - use: ${store}-delivery\n    as: mailboxes\n    options: { directory: ${folder} }\n`];
}

function relay({ login }: Answers): readonly string[] {
  const start = '  - use: smtp-relay\n    as: internet\n';
  if (login === null) return [start];
  const auth = `{ user: ${scalar(login.user)}, password: !secret ${scalar(login.passwordFile)} }`;
  return [`${start}    options:\n      tls: verified # a password goes to nobody else\n      auth: ${auth}\n`];
}

function routes({ purpose, domains, relay }: Answers): string {
  const hosts = relay === null ? '' : `, hosts: [${JSON.stringify(relay)}]`;
  const ours = domains.length === 0 ? '' : listed(domains);
  switch (purpose) {
    case 'mailboxes':
      return `  - { when: { recipient: ${ours} }, deliver: mailboxes }\n  - { deliver: internet${hosts} }\n`;
    case 'filter':
      return `  - { when: { recipient: ${ours} }, deliver: internet${hosts} }\n  - { deliver: internet } # by MX\n`;
    case 'forward':
    case 'submission':
      return `  - { deliver: internet${hosts} }${relay === null ? ' # by MX' : ''}\n`;
    default:
      return purpose satisfies never;
  }
}

function listed(domains: readonly string[]): string {
  const patterns = domains.map(domain => JSON.stringify(`@${domain}`));
  return patterns.length === 1 ? patterns.join('') : `[${patterns.join(', ')}]`;
}

/** The IP address of a relay that is named by it. */
function addressOf(relay: string): string | null {
  const found = parseHost(relay);
  return found.kind === 'host' ? (found.host.addresses[0] ?? null) : null;
}

/** Text as YAML reads it back, in quotation marks where it needs them. */
function scalar(text: string): string {
  return /^[A-Za-z0-9./_][A-Za-z0-9./_@+-]*$/.test(text) && !/^(true|false|null|\d+(\.\d+)?)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
