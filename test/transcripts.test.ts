/**
 * Dialogues with a real listener, as `transcripts/*.txt` write them down. `transcripts/README.md` says how to read them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'vitest';
import type { Limits } from '../core/mail/limits.ts';
import { formatMailbox, formatPath } from '../core/mail/path.ts';
import type { ListenerOptions } from '../core/smtp/options.ts';
import { dialogue } from '../core/testing/dialogue.ts';
import { gateway, OPTIONS } from './core/smtp/gateway.ts';
import { mounted } from './core/smtp/plugins.ts';
import { selfSigned } from './support/certificate.ts';

const FOLDER = new URL('./transcripts/', import.meta.url);

/** A transcript taken apart. */
interface Transcript {
  readonly title: string;
  readonly options: Partial<ListenerOptions>;
  readonly limits: Partial<Limits>;
  readonly plugins: readonly string[];
  /** What is said, in the lines where it stands in the file. */
  readonly script: string;
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

const DIRECTIVE = /^(?:listener|limits|plugins): /;

function parse(text: string): Transcript {
  const lines = text.split('\n');
  const directives = (name: string) =>
    lines.filter(line => line.startsWith(`${name}: `)).flatMap(line => line.slice(name.length + 2).split(' '));
  return {
    title: (lines[0] ?? '').replace(/^# /, ''),
    options: directives('listener').reduce(withOption, {}),
    limits: Object.fromEntries(directives('limits').map(limitOf)),
    plugins: directives('plugins'),
    script: lines.map(line => (DIRECTIVE.test(line) ? '' : line)).join('\n'),
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
      await dialogue({ port: its.port, queued: () => queueOf(its) }, transcript.script, {
        ...(implicit && { tls: {} }),
        events: { 'the gateway shuts down': () => void its.listener.close(new AbortController().signal) },
      });
    },
  );
});
