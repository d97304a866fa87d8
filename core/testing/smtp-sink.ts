/**
 * A next hop on loopback: takes mail, shows what it was given, and misbehaves where a test wants it to.
 *
 * It is lenient where a test looks for itself: it notes what it is told and judges nothing but the order of commands.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SinkSession } from './sink-session.ts';

/**
 * What goes wrong: a reply in the place of the usual one (`451 4.3.0 Busy`; `\n` begins a further line), the end of the
 * connection, or no reply to this and to anything after it.
 */
export type SinkFault = `${4 | 5}${string}` | 'drop' | 'silent';

/** Where something goes wrong. */
export interface SinkFaults {
  /** In the place of the greeting. */
  readonly connect?: SinkFault;
  readonly ehlo?: SinkFault;
  readonly starttls?: SinkFault;
  readonly auth?: SinkFault;
  readonly mail?: SinkFault;
  /** For all recipients, or by address as RCPT writes it without brackets. */
  readonly rcpt?: SinkFault | Readonly<Record<string, SinkFault>>;
  /** In the place of 354. */
  readonly data?: SinkFault;
  /** After the final dot: with a fault the mail does not count as taken. */
  readonly content?: SinkFault;
  readonly quit?: SinkFault;
}

/** What the next hop is like. */
export interface SinkSettings {
  readonly hostname?: string;
  /** What EHLO offers, apart from STARTTLS and AUTH. */
  readonly extensions?: readonly string[];
  /** Certificate and key as PEM: STARTTLS is offered, or TLS comes before the greeting. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer; readonly implicit?: boolean };
  /** AUTH PLAIN (RFC 4616) is offered, and MAIL refused without it. */
  readonly auth?: { readonly user: string; readonly password: string };
  readonly faults?: SinkFaults;
}

/** A recipient as it was named. */
export interface SunkRecipient {
  /** `<bob@example.test>` */
  readonly path: string;
  /** What stands behind it: `NOTIFY=NEVER`. */
  readonly parameters: string;
}

/** A mail that was taken. */
export interface SunkMail {
  /** What EHLO or HELO said. */
  readonly greeting: string;
  readonly tls: boolean;
  /** Who authenticated, or `null`. */
  readonly user: string | null;
  /** `<ann@example.test>` */
  readonly from: string;
  /** `SIZE=1000 BODY=8BITMIME` */
  readonly parameters: string;
  /** Those that were accepted. */
  readonly recipients: readonly SunkRecipient[];
  /** As it was before dots were doubled. */
  readonly content: Buffer;
}

/** A running next hop. */
export interface SmtpSink {
  readonly port: number;
  /** In the order of their final dots. */
  readonly mails: readonly SunkMail[];
  /** Every line that was said outside of content, of all sessions, in order. */
  readonly commands: readonly string[];
  /** How many sessions have begun. */
  readonly sessions: number;
  /** From now on other things go wrong, in running sessions too. `{}`: nothing. */
  readonly fail: (faults: SinkFaults) => void;
  /** Ends all sessions at once. May be called twice. */
  readonly close: () => Promise<void>;
}

/**
 * Starts one on a free port of 127.0.0.1.
 * @example const sink = await smtpSink({ faults: { rcpt: { 'bob@example.test': '550 5.1.1 No such mailbox' } } });
 */
export async function smtpSink(settings: SinkSettings = {}): Promise<SmtpSink> {
  const state = {
    mails: [] as SunkMail[],
    commands: [] as string[],
    faults: settings.faults ?? {},
  };
  const sockets = new Set<Socket>();
  let sessions = 0;
  const server = createServer({ noDelay: true }, socket => {
    sessions += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    new SinkSession(socket, settings, state).begin();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails: state.mails,
    commands: state.commands,
    get sessions() {
      return sessions;
    },
    fail(faults) {
      state.faults = faults;
    },
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
