/**
 * The certificates of one listener as they lie on disk, and when they have to be read again.
 *
 * Guarantee: what is checked is what is used, octet for octet, and all files of a listener are exchanged together or not
 * at all. Certificates are renewed in the middle of the night by programs that write one file after the other: what does
 * not fit together leaves the old ones in use, and is tried again.
 */
import {
  type CertificateFault,
  certificateFaults,
  certificateFiles,
  datedCertificates,
} from '../config/certificate.ts';
import type { TlsSettings } from '../config/configuration.ts';
import { type Given, whyUnreadable } from '../config/tags.ts';
import { factsOfFile } from '../file-facts.ts';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Clock, Files } from '../plugin/ports.ts';
import type { TlsOptions } from '../smtp/options.ts';

/** Where certificates lie, and what time it is. */
export interface CertificatePorts {
  readonly files: Files;
  readonly clock: Clock;
}

/** A certificate in use, one of ours or an authority's. */
export interface InUse {
  readonly file: string;
  /** The subject in one line. */
  readonly subject: string;
  readonly until: Date;
}

/** Why the old certificates stay in use. */
export interface RenewalFault {
  /** `null` where no single file is to blame. */
  readonly file: string | null;
  readonly cause: string;
}

/** What came of looking for new certificates. */
export type Renewal =
  | {
      readonly kind: 'renewed';
      readonly listener: string;
      /** The subjects of all that are in use now. */
      readonly certificates: readonly string[];
      /** When the first of them expires. */
      readonly until: Date;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'unchanged'; readonly listener: string }
  | { readonly kind: 'kept'; readonly listener: string; readonly faults: readonly RenewalFault[] };

interface Contents {
  readonly options: TlsOptions;
  readonly inUse: readonly InUse[];
  readonly faults: readonly CertificateFault[];
}

type Reading =
  | ({ readonly kind: 'sound' } & Contents)
  | { readonly kind: 'faulty'; readonly faults: readonly CertificateFault[] };

export class ListenerCertificates {
  readonly id: string;
  readonly #settings: TlsSettings;
  readonly #ports: CertificatePorts;
  /** What is known of the files without reading them, from just before they were read. */
  #facts: string;
  #contents: Contents;
  /** They did not do, and what keeps them from it may pass without a trace in their facts. */
  #unsettled = false;

  private constructor(
    of: { readonly id: string; readonly tls: TlsSettings },
    ports: CertificatePorts,
    read: { readonly facts: string; readonly contents: Contents },
  ) {
    this.id = of.id;
    this.#settings = of.tls;
    this.#ports = ports;
    this.#facts = read.facts;
    this.#contents = read.contents;
  }

  /** @throws MailframeError `MF_LISTENER_CERTIFICATE` where they cannot be used. */
  static async read(
    of: { readonly id: string; readonly tls: TlsSettings },
    ports: CertificatePorts,
  ): Promise<ListenerCertificates> {
    const facts = await factsOf(of.tls, ports.files);
    const reading = await readAll(of.tls, ports);
    if (reading.kind === 'sound') return new ListenerCertificates(of, ports, { facts, contents: reading });
    const causes = reading.faults.map(({ message }) => message).join('; ');
    throw new MailframeError('MF_LISTENER_CERTIFICATE', `the listener ${of.id} has no certificates: ${causes}`);
  }

  /** For the listener. */
  get options(): TlsOptions {
    return this.#contents.options;
  }

  get inUse(): readonly InUse[] {
    return this.#contents.inUse;
  }

  /**
   * Reads the files again: `if-touched`, where something about them has changed, or they did not do the last time.
   * @param use puts them to use; where it throws, the old ones stay.
   */
  async renew(when: 'always' | 'if-touched', use: (tls: TlsOptions) => void): Promise<Renewal> {
    const { id: listener } = this;
    const facts = await factsOf(this.#settings, this.#ports.files);
    if (when === 'if-touched' && facts === this.#facts && !this.#unsettled) return { kind: 'unchanged', listener };
    this.#facts = facts;
    const reading = await readAll(this.#settings, this.#ports);
    this.#unsettled = reading.kind === 'faulty';
    if (reading.kind === 'faulty') {
      const faults = reading.faults.map(({ file, message }) => ({ file, cause: message }));
      return { kind: 'kept', listener, faults };
    }
    if (isSame(reading.options, this.#contents.options)) return { kind: 'unchanged', listener };
    try {
      use(reading.options);
    } catch (error) {
      this.#unsettled = true;
      return { kind: 'kept', listener, faults: [{ file: null, cause: describeError(error) }] };
    }
    this.#contents = reading;
    const { inUse, faults } = reading;
    return {
      kind: 'renewed',
      listener,
      certificates: inUse.map(({ subject }) => subject),
      until: new Date(Math.min(...inUse.map(({ until }) => until.getTime()))),
      warnings: faults.map(({ message }) => message),
    };
  }
}

/** Follows links: what is renewed is often a link, or a folder that one leads through. */
async function factsOf(tls: TlsSettings, files: Files): Promise<string> {
  return (await Promise.all(certificateFiles(tls).map(path => factsOfFile(path, files)))).join('\n');
}

async function readAll(tls: TlsSettings, { files, clock }: CertificatePorts): Promise<Reading> {
  const paths = certificateFiles(tls);
  const texts = new Map(await Promise.all(paths.map(async path => [path, await textIn(path, files)] as const)));
  const read = (path: string): Given<string> => texts.get(path) ?? { kind: 'refused', message: `${path} was not read` };
  const faults = certificateFaults(tls, read, clock.now());
  if (faults.some(({ severity }) => severity === 'error')) {
    return { kind: 'faulty', faults: faults.filter(({ severity }) => severity === 'error') };
  }
  const inUse = datedCertificates(tls, read).map(({ file, certificate }) => ({
    file,
    subject: certificate.subject.replaceAll('\n', ', '),
    until: certificate.validToDate,
  }));
  return { kind: 'sound', options: optionsOf(tls, read), inUse, faults };
}

async function textIn(path: string, files: Files): Promise<Given<string>> {
  try {
    const value = new TextDecoder('utf-8', { fatal: true }).decode(await files.read(path));
    return { kind: 'given', value, warning: null };
  } catch (error) {
    return { kind: 'refused', message: whyUnreadable(path, error) };
  }
}

function optionsOf(tls: TlsSettings, read: (path: string) => Given<string>): TlsOptions {
  const text = (path: string) => {
    const given = read(path);
    return given.kind === 'given' ? given.value : '';
  };
  const { mode, minVersion, clients } = tls;
  return {
    mode,
    minVersion,
    cert: text(tls.cert),
    key: text(tls.key),
    more: tls.more.map(({ cert, key }) => ({ cert: text(cert), key: text(key) })),
    clients: clients === null ? null : { ...clients, authorities: text(clients.authorities) },
  };
}

function isSame(one: TlsOptions, other: TlsOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
