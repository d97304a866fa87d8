/** Peers that are more than a program: a module that may be missing, a next hop that somebody else wrote. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import type { TestCertificate } from './certificate.ts';
import { freePort, launch, untilListening } from './external.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** What must be there, and how to see whether it is. */
export interface Peer {
  readonly name: string;
  /** A command that succeeds where it is there. */
  readonly probe: readonly [program: string, ...args: readonly string[]];
}

/** The system's own Python has the modules that its packages bring; the first one in the path may be another. */
export const SYSTEM_PYTHON = '/usr/bin/python3';

export const AIOSMTPD: Peer = { name: 'python3-aiosmtpd', probe: [SYSTEM_PYTHON, '-c', 'import aiosmtpd'] };
export const SWAKS_WITH_TLS: Peer = {
  name: 'swaks with libnet-ssleay-perl',
  probe: ['perl', '-MNet::SSLeay', '-e', 'exit system("command -v swaks >/dev/null") >> 8'],
};

/** A `describe` that says on the console what is missed where a peer is not there; in CI that is a failure. */
export function describeWithPeer({ name, probe: [program, ...args] }: Peer, title: string, body: () => void): void {
  const missing = spawnSync(program, args, { timeout: 10_000 }).status !== 0;
  if (missing && process.env.CI === 'true') throw new Error(`${name} is missing, which the tests of ${title} need`);
  if (missing) console.warn(`SKIPPED, no ${name}: ${title}`);
  describe.skipIf(missing)(title, body);
}

/** A mail as a next hop got it. */
export interface TakenMail {
  /** The arguments of MAIL. */
  readonly from: string;
  /** The arguments of each RCPT. */
  readonly recipients: readonly string[];
  readonly tls: boolean;
  /** One character an octet. */
  readonly content: string;
}

/** A next hop that runs until the test is over. */
export interface NextHop {
  readonly port: number;
  /** All that it has answered 250 for, in no certain order. */
  mails(): Promise<readonly TakenMail[]>;
  stop(): Promise<void>;
}

/**
 * Postfix's sink, which stores line ends as LF. Call it inside a test.
 * @param options as its manual names them
 */
export async function postfixSink(options: readonly string[] = [], port?: number): Promise<NextHop> {
  const folder = join(await tempFolder(), 'taken');
  await mkdir(folder);
  const listening = port ?? (await freePort());
  // It insists on being told a user where it runs as root.
  const args = ['-u', userInfo().username, '-d', join(folder, 'mail.'), ...options, `127.0.0.1:${listening}`, '100'];
  const program = launch('smtp-sink', args);
  await untilListening(listening);
  return {
    port: listening,
    stop: () => program.stop(),
    async mails() {
      const names = await readdir(folder);
      const dumps = await Promise.all(names.map(name => readFile(join(folder, name), 'latin1')));
      return dumps.map(mailOfDump);
    },
  };
}

/** Above the mail stand the sink's own fields, a trace field the last of them; below it stands an empty line. */
function mailOfDump(dump: string): TakenMail {
  const [head = ''] = /^(?:X-[^\n]*\n)+Received: [^\n]*\n(?:\t[^\n]*\n)+/.exec(dump) ?? [];
  const values = (name: string) =>
    [...head.matchAll(new RegExp(`^${name}: (.*)$`, 'gm'))].map(([, value = '']) => value);
  const [from = ''] = values('X-Mail-Args');
  return { from, recipients: values('X-Rcpt-Args'), tls: false, content: dump.slice(head.length, -1) };
}

/** How an aiosmtpd is to be. */
export interface AiosmtpdSettings {
  /** It offers STARTTLS with this. */
  readonly certificate?: TestCertificate;
  /** By recipient, what it says instead of 250. */
  readonly refuse?: Readonly<Record<string, string>>;
  /** It speaks LMTP on this Unix socket, and no SMTP. */
  readonly lmtpSocket?: string;
  /** By recipient, what it says by LMTP after the content instead of 250. */
  readonly refuseContent?: Readonly<Record<string, string>>;
}

/** Says its port, 0 for a socket, in the first line, and each mail in a line before it answers 250. */
const AIOSMTPD_PROGRAM = `
import asyncio, base64, json, ssl, sys
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

settings = json.loads(sys.argv[1])

def say(what):
    print(json.dumps(what), flush=True)

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in settings['refuse']:
            return settings['refuse'][address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return '250 2.1.5 OK'

    async def handle_DATA(self, server, session, envelope):
        say({
            'from': ' '.join(['<%s>' % (envelope.mail_from or ''), *envelope.mail_options]),
            'recipients': ['<%s>' % address for address in envelope.rcpt_tos],
            'tls': session.ssl is not None,
            'content': envelope.original_content.decode('latin-1'),
        })
        refuse = settings['refuseContent']
        each = [refuse.get(address, '250 2.0.0 OK') for address in envelope.rcpt_tos]
        return '\\r\\n'.join(each if settings['lmtpSocket'] else each[:1])

context = None
if settings['certificate']:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings['certificate'])

async def main():
    path = settings['lmtpSocket']
    protocol = LMTP if path else SMTP
    make = lambda: protocol(Handler(), hostname='next.test', enable_SMTPUTF8=True, tls_context=context)
    loop = asyncio.get_running_loop()
    server = await (loop.create_unix_server(make, path) if path else loop.create_server(make, '127.0.0.1', 0))
    say(0 if path else server.sockets[0].getsockname()[1])
    await server.serve_forever()

asyncio.run(main())
`;

/** aiosmtpd, which keeps CRLF. Its port is 0 where it listens on a socket. Call it inside a test. */
export async function aiosmtpd(settings: AiosmtpdSettings = {}): Promise<NextHop> {
  const { certificate, refuse = {}, lmtpSocket = null, refuseContent = {} } = settings;
  const pem = certificate === undefined ? null : join(await tempFolder(), 'certificate.pem');
  if (certificate !== undefined && pem !== null) await writeFile(pem, certificate.cert + certificate.key);
  const told = JSON.stringify({ certificate: pem, refuse, lmtpSocket, refuseContent });
  const program = launch(SYSTEM_PYTHON, ['-c', AIOSMTPD_PROGRAM, told]);
  const lines = () => program.output().split('\n').slice(0, -1);
  const port = await until(() => {
    const [first] = lines();
    if (first === undefined || !/^\d+$/.test(first)) throw new Error(`aiosmtpd has not begun: ${program.output()}`);
    return Number(first);
  });
  return {
    port,
    stop: () => program.stop(),
    mails: async () =>
      lines()
        .slice(1)
        .map(line => JSON.parse(line) as TakenMail),
  };
}
