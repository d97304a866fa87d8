/** swaks as the tests call it: as the client client.test, with a mail from ann@client.test to bob@example.test. */
import { type Ended, run } from '../support/external.ts';
import { DOTTED } from './octets.ts';

export interface SwaksSettings {
  /** What it reads: the mail of `octets.ts` without it. */
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** `null`: swaks finds the server itself. */
  readonly server?: string | null;
}

/** Options for mail that is sent as it is read, leading dots doubled and the final dot included. */
export const AS_IT_IS = ['--data', '-', '--no-data-fixup'] as const;

/** swaks ends the last line itself. */
const WITHOUT_END = DOTTED.subarray(0, -'\r\n'.length);

/** Runs it. Later options win over those that are always given. */
export function swaks(port: number, args: readonly string[], settings: SwaksSettings = {}): Promise<Ended> {
  const { input = WITHOUT_END, env = {}, server = '127.0.0.1' } = settings;
  const target = [...(server === null ? [] : ['--server', server]), '--port', String(port)];
  const envelope = ['--helo', 'client.test', '--from', 'ann@client.test', '--to', 'bob@example.test'];
  // No file of the user's own has a say.
  return run('swaks', ['--config', ...target, ...envelope, ...args], { input, env });
}

/** The exit codes of its manual that matter here. */
export const EXIT = {
  fine: 0,
  noConnection: 2,
  lost: 6,
  greeting: 21,
  helo: 22,
  mail: 23,
  rcpt: 24,
  data: 25,
  content: 26,
  auth: 28,
  tls: 29,
  prdr: 30,
} as const;

const SENT = /^ [-~]> ?/;

/** What it sent, line by line, out of its transcript. */
export function sentLines({ stdout }: Ended): readonly string[] {
  return stdout.split('\n').flatMap(line => (SENT.test(line) ? [line.replace(SENT, '')] : []));
}

/** The codes of the replies, in their order. */
export function codesHeard({ stdout }: Ended): readonly number[] {
  const heard = stdout.split('\n').flatMap(line => /^<(?:[-~] |\*\*|~\*) *(\d{3}) /.exec(line)?.[1] ?? []);
  return heard.map(Number);
}

/** The mail in its transcript: what it sent between 354 and the final dot, un-stuffed, LF line ends. */
export function sentMail({ stdout }: Ended): string {
  const lines = stdout.split(/\r?\n/);
  const from = lines.findIndex(line => /^<[-~] +354 /.test(line)) + 1;
  const content: string[] = [];
  for (const line of lines.slice(from)) {
    const text = line.replace(/^ [-~]> /, '');
    if (text === '.') return content.map(one => `${one}\n`).join('');
    content.push(text.replace(/^\./, ''));
  }
  throw new Error(`no mail was sent: ${stdout}`);
}
