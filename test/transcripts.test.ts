/**
 * Dialogues with a real listener, as `transcripts/*.txt` write them down. `transcripts/README.md` says how to read them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../core/mail/limits.ts';
import { formatMailbox, formatPath } from '../core/mail/path.ts';
import type { ListenerOptions } from '../core/smtp/options.ts';
import { gateway, OPTIONS } from './core/smtp/gateway.ts';
import { mounted } from './core/smtp/plugins.ts';
import type { RawClient } from './core/smtp/raw-client.ts';
import { selfSigned } from './support/certificate.ts';
import { inBase64, octetsOf } from './support/transcript-octets.ts';

const FOLDER = new URL('./transcripts/', import.meta.url);

/** A transcript taken apart. */
interface Transcript {
  readonly title: string;
  readonly options: Partial<ListenerOptions>;
  readonly limits: Partial<Limits>;
  readonly plugins: readonly string[];
  readonly steps: readonly Step[];
}

/** `C`: the client says. `S`: the server says. `E`: something happens. `Q`: what reached the queue. */
interface Step {
  readonly who: 'C' | 'S' | 'E' | 'Q';
  readonly text: string;
  readonly line: number;
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

function parse(text: string): Transcript {
  const lines = text.split('\n').map((line, index) => ({ line, number: index + 1 }));
  const directives = (name: string) =>
    lines
      .filter(({ line }) => line.startsWith(`${name}: `))
      .flatMap(({ line }) => line.slice(name.length + 2).split(' '));
  const steps = lines.flatMap(({ line, number }) => {
    const [, who, said = ''] = /^([CSEQ]):(?: (.*))?$/.exec(line) ?? [];
    return who === undefined ? [] : [{ who: who as Step['who'], text: said, line: number }];
  });
  const known = /^(?:#|$|listener: |limits: |plugins: |[CSEQ]:(?: |$))/;
  const odd = lines.find(({ line }) => !known.test(line));
  if (odd !== undefined) throw new Error(`line ${odd.number} is no line of a transcript: ${odd.line}`);
  return {
    title: (lines[0]?.line ?? '').replace(/^# /, ''),
    options: directives('listener').reduce(withOption, {}),
    limits: Object.fromEntries(directives('limits').map(limitOf)),
    plugins: directives('plugins'),
    steps,
  };
}

/** `recipients=2`. */
function limitOf(directive: string): readonly [string, number] {
  const [name = '', value = ''] = directive.split('=');
  return [name, Number(value)];
}

/** `maxSize=1000`, `mechanisms=PLAIN,LOGIN`, `tls=starttls`, `trust.xclient=127.0.0.1,::1`. */
function withOption(options: Partial<ListenerOptions>, directive: string): Partial<ListenerOptions> {
  const [name = '', value = ''] = directive.split('=');
  const [group, member] = name.split('.');
  if (group === 'trust' && member !== undefined) {
    return { ...options, trust: { ...OPTIONS.trust, ...options.trust, [member]: value.split(',') } };
  }
  if (name === 'lookups' || name === 'mechanisms') return { ...options, [name]: value.split(',') };
  if (name !== 'tls')
    return { ...options, [name]: /^\d+$/.test(value) ? Number(value) : value === 'true' ? true : value };
  const { cert, key } = selfSigned('mx.example.test');
  return {
    ...options,
    tls: { mode: value === 'implicit' ? 'implicit' : 'starttls', cert, key, minVersion: 'TLSv1.2' },
  };
}

/** `<id>` stands for a queue id, `...` for anything, `base64(...)` for what it says. */
function patternOf(text: string): RegExp {
  const quoted = inBase64(text).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${quoted.replaceAll('<id>', 'Q\\d+').replaceAll('\\.\\.\\.', '.*')}$`);
}

async function play({ steps }: Transcript, its: Gateway, client: RawClient): Promise<void> {
  let said: Buffer[] = [];
  const flush = () => {
    if (said.length > 0) client.send(Buffer.concat(said));
    said = [];
  };
  for (const { who, text, line } of steps) {
    if (who !== 'C') flush();
    switch (who) {
      case 'C':
        said.push(octetsOf(text));
        break;
      case 'S':
        if (text.startsWith('(offers ')) await expectOffer(client, text, line);
        else if (text === '(closes)') expect(await client.line(), `line ${line}`).toBeNull();
        else expect(await client.line(), `line ${line}`).toMatch(patternOf(text));
        break;
      case 'E':
        await happen(text, its, client);
        break;
      case 'Q':
        expect(queueOf(its), `line ${line}`).toContain(text);
    }
  }
  flush();
}

/** `(offers STARTTLS, SIZE 1000; not AUTH)`. */
async function expectOffer(client: RawClient, text: string, line: number): Promise<void> {
  const [, wanted = '', unwanted = ''] = /^\(offers (.*?)(?:; not (.*))?\)$/.exec(text) ?? [];
  const offered = (await client.reply()).map(one => one.slice(4));
  expect(offered, `line ${line}`).toEqual(expect.arrayContaining(wanted.split(', ')));
  const keywords = offered.map(one => one.split(' ')[0]);
  for (const keyword of unwanted.split(', ')) expect(keywords, `line ${line}`).not.toContain(keyword);
}

async function happen(what: string, its: Gateway, client: RawClient): Promise<void> {
  switch (what) {
    case 'TLS handshake':
      return client.startTls();
    case 'the gateway shuts down':
      void its.listener.close(new AbortController().signal);
      return;
    case 'the client has nothing more to say':
      client.finish();
      return;
    default:
      throw new Error(`nobody knows how this happens: ${what}`);
  }
}

/** One line a mail: `Q1 <ann@client.test> -> <bob@example.test>, held`. */
function queueOf({ committed }: Gateway): readonly string[] {
  const mails = committed.flat().map(({ mail, fate }) => {
    const to = mail.envelope.recipients.map(({ forwardPath }) => `<${formatMailbox(forwardPath)}>`).join(' ');
    const how = fate.kind === 'deliver' ? '' : `, ${fate.kind}`;
    return `${mail.id} ${formatPath(mail.envelope.reversePath)} -> ${to}${how}`;
  });
  return mails.length === 0 ? ['nothing'] : [...mails, `${mails.length} in all`];
}

const files = readdirSync(FOLDER).filter(name => name.endsWith('.txt'));

describe('transcripts', () => {
  test.for(files.map(file => ({ file, ...parse(readFileSync(new URL(file, FOLDER), 'utf8')) })))(
    '$file: $title',
    async transcript => {
      const its = await gateway({
        options: transcript.options,
        limits: transcript.limits,
        links: mounted(...transcript.plugins),
      });
      const implicit = transcript.options.tls?.mode === 'implicit';
      const client = await its.connect(implicit ? { rejectUnauthorized: false } : undefined);
      await play(transcript, its, client);
    },
  );
});
