/** All answers: what flags say holds, and the rest is asked. */
import { existsSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { resolve } from 'node:path';
import { parseDomain } from '../../mail/domain.ts';
import { MailframeError } from '../../mail/error.ts';
import {
  type Answers,
  type CertificateFiles,
  type Login,
  needsDomains,
  needsRelay,
  PGP_CHOICES,
  type PgpChoice,
  PURPOSES,
  type Purpose,
  readAddress,
  readDomain,
  readDomains,
  readPort,
  readRelay,
  readWord,
  STORES,
  type Understood,
  usualPort,
} from './answers.ts';
import type { Asking, Question } from './questions.ts';

/** As they were written. */
export interface Flags {
  readonly for?: string;
  readonly hostname?: string;
  readonly domain?: readonly string[];
  readonly relay?: string;
  readonly relayUser?: string;
  readonly relayPasswordFile?: string;
  readonly address?: string;
  readonly port?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly store?: string;
  readonly pgp?: string;
  readonly signKey?: string;
}

/**
 * The answers for a configuration in a folder.
 * @throws MailframeError where a flag says what cannot be, or nobody is there to say what has to be said.
 */
export async function findAnswers(flags: Flags, asking: Asking, folder: string): Promise<Answers> {
  const answer = <T>(flag: string | undefined, question: Question<T>): Promise<T> =>
    flag === undefined ? asking.ask(question) : Promise.resolve(flagged(question, flag));
  if (flags.for === undefined) asking.tell(`What is the gateway for?\n${purposeLines()}`);
  const purpose = await answer(flags.for, {
    text: 'For',
    usual: 'mailboxes',
    read: text => readWord(Object.keys(PURPOSES) as Purpose[], text),
  });
  const domains = needsDomains(purpose)
    ? await answer(flags.domain?.join(' '), { text: 'Our domains', usual: 'example.test', read: readDomains })
    : fromFlag(flags.domain?.join(' '), readDomains, []);
  const hostname = await answer(flags.hostname, {
    text: 'Name of this machine',
    usual: usualHostname(domains),
    read: readDomain,
  });
  const relay = await answer(flags.relay, relayQuestion(purpose));
  return {
    purpose,
    domains,
    hostname,
    relay,
    login: loginOf(flags, relay, folder),
    address: fromFlag(flags.address, readAddress, '127.0.0.1'),
    port: await answer(flags.port, { text: 'Port', usual: String(usualPort(purpose)), read: readPort }),
    tls: await certificate(flags, asking, folder),
    store:
      purpose === 'mailboxes'
        ? await answer(flags.store, {
            text: 'Mailboxes: mbox or maildir',
            usual: 'mbox',
            read: text => readWord(STORES, text),
          })
        : 'mbox',
    pgp: needsDomains(purpose) ? await answer(flags.pgp, PGP) : fromFlag(flags.pgp, PGP.read, 'ignore'),
    signKey: flags.signKey === undefined ? null : there(flags.signKey, folder),
  };
}

const PGP: Question<PgpChoice> = {
  text: 'OpenPGP signatures: ignore or verify',
  usual: 'ignore',
  read: text => readWord(PGP_CHOICES, text),
};

function purposeLines(): string {
  return Object.entries(PURPOSES)
    .map(([purpose, means]) => `  ${purpose.padEnd(11)}${means}`)
    .join('\n');
}

/** What cannot be asked about, as it is rarely wanted. */
function fromFlag<T>(flag: string | undefined, read: (text: string) => Understood<T>, usual: T): T {
  return flag === undefined ? usual : flagged({ text: '', usual: null, read }, flag);
}

function flagged<T>({ read }: Question<T>, flag: string): T {
  const understood = read(flag);
  if (understood.kind === 'understood') return understood.value;
  throw new MailframeError('MF_INIT', understood.message);
}

/** The machine's own name where it is a full one, else one in our domain. */
function usualHostname(domains: readonly string[]): string {
  const own = parseDomain(machineName());
  return own?.includes('.') === true && !own.startsWith('[') ? own : `mx.${domains[0] ?? 'example.test'}`;
}

function relayQuestion(purpose: Purpose): Question<string | null> {
  if (!needsRelay(purpose)) {
    const text = 'Smarthost for what leaves (nothing: the exchangers of each domain)';
    return {
      text,
      usual: '',
      read: written => (written.trim() === '' ? { kind: 'understood', value: null } : readRelay(written)),
    };
  }
  return { text: purpose === 'filter' ? 'The server that stands behind' : 'Smarthost', usual: null, read: readRelay };
}

function loginOf({ relayUser, relayPasswordFile }: Flags, relay: string | null, folder: string): Login | null {
  if (relayUser === undefined && relayPasswordFile === undefined) return null;
  if (relay === null) throw new MailframeError('MF_INIT', 'a login needs a relay to log in at: say --relay too');
  if (relayUser === undefined || relayPasswordFile === undefined)
    throw new MailframeError('MF_INIT', '--relay-user and --relay-password-file belong together');
  return { user: relayUser, passwordFile: there(relayPasswordFile, folder) };
}

async function certificate(flags: Flags, asking: Asking, folder: string): Promise<CertificateFiles | null> {
  const { cert, key } = flags;
  if ((cert === undefined) !== (key === undefined))
    throw new MailframeError('MF_INIT', '--cert and --key belong together');
  if (cert !== undefined && key !== undefined) return { cert: there(cert, folder), key: there(key, folder) };
  const asked = await asking.ask(fileQuestion('Certificate, a PEM file (nothing: no TLS)', folder));
  if (asked === null) return null;
  const asksForKey = fileQuestion('Its key, a PEM file', folder);
  return { cert: asked, key: (await asking.ask({ ...asksForKey, usual: null })) ?? '' };
}

function fileQuestion(text: string, folder: string): Question<string | null> {
  return {
    text,
    usual: '',
    read(path) {
      if (path === '') return { kind: 'understood', value: null };
      return isThere(path, folder)
        ? { kind: 'understood', value: path }
        : { kind: 'wrong', message: `there is no file ${path} in ${folder}` };
    },
  };
}

function isThere(path: string, folder: string): boolean {
  return existsSync(resolve(folder, path));
}

/** A path that leads to something. */
function there(path: string, folder: string): string {
  if (isThere(path, folder)) return path;
  throw new MailframeError('MF_INIT', `there is no file ${path} in ${folder}`);
}
