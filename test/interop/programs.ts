/** The programs that send mail, as the tests call them. None of them reads a file of the user's own. */

import { createTransport } from 'nodemailer';
import { onTestFinished } from 'vitest';
import { type Ended, run } from '../support/external.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Runs msmtp as client.test. It sends what it reads. */
export async function msmtp(port: number, args: readonly string[], input: string | Buffer): Promise<Ended> {
  const server = ['--host=127.0.0.1', `--port=${port}`, '--domain=client.test', '--tls=off', '--auth=off'];
  return run('msmtp', [...server, ...args], { input, env: { HOME: await tempFolder() } });
}

/**
 * Runs lines of Python in which `client` is a session of smtplib's, and `octets` is what it reads, with CRLF line ends.
 * @param kind `SMTP` or `LMTP`
 */
export function smtplib(port: number, lines: readonly string[], input: string | Buffer, kind = 'SMTP'): Promise<Ended> {
  const program = [
    'import smtplib, sys',
    'from email.message import EmailMessage',
    'from email.policy import SMTPUTF8',
    `with smtplib.${kind}('127.0.0.1', ${port}, local_hostname='client.test') as client:`,
    "    octets = sys.stdin.buffer.read().replace(b'\\n', b'\\r\\n')",
    ...lines.map(line => `    ${line}`),
  ];
  return run('python3', ['-c', program.join('\n')], { input });
}

/** nodemailer, closed when the running test is over. */
export function nodemailer(port: number, options: Readonly<Record<string, unknown>> = {}) {
  const transport = createTransport({ host: '127.0.0.1', port, name: 'client.test', ignoreTLS: true, ...options });
  onTestFinished(() => transport.close());
  return transport;
}
