import { type DialogueError, dialogue, smtpSink } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';

async function sink(settings: Parameters<typeof smtpSink>[0] = {}) {
  const made = await smtpSink(settings);
  onTestFinished(() => made.close());
  return made;
}

const failed = (playing: Promise<unknown>) =>
  playing.then(
    () => 'it went as written',
    (error: Error) => error.message,
  );

describe('a dialogue', () => {
  test('goes as written: patterns, whole replies, offers, groups, octets, the end', async () => {
    const next = await sink();
    const { heard, ids } = await dialogue(
      next,
      String.raw`
      # What stands here is read by nobody.
      S: 220 sink.test ...
      C: EHLO client.test
      S: (offers PIPELINING, SIZE 52428800; not STARTTLS, AUTH)
      C: MAIL FROM:<ann@client.test>
      C: RCPT TO:<bob@example.test>
      C: DATA
      S: 250 2.1.0 OK
      S: (2yz)
      S: (354)
      C: Subject: \xe9
      C:
      C: ..dots and NUL \0
      C: .
      S: 250 2.0.0 Taken as <id>...
      C: QU\
      C: IT
      S: (221)
      S: (closes)
    `.replace('<id>...', 'sink-<id>'),
    );
    expect(next.mails[0]?.content.toString('latin1')).toBe('Subject: \xe9\r\n\r\n.dots and NUL \0\r\n');
    expect(ids).toEqual(['1']);
    expect(heard.at(-1)).toBe('221 2.0.0 Bye');
  });

  test('goes over TLS, before the greeting or after STARTTLS, and logs in', async () => {
    const tls = selfSigned('sink.test');
    const auth = { user: 'ann', password: 'secret' };
    const starting = await sink({ tls, auth });
    await dialogue(
      starting,
      String.raw`
      S: (220)
      C: STARTTLS
      S: (220)
      E: TLS handshake
      C: EHLO client.test
      S: (offers AUTH PLAIN; not STARTTLS)
      C: AUTH PLAIN base64(\0ann\0secret)
      S: (235)
    `,
    );
    const implicit = await sink({ tls: { ...tls, implicit: true } });
    await dialogue(implicit, 'S: (220)\nC: QUIT\nS: (221)', { tls: {} });
    await expect(
      dialogue(starting, 'S: (220)\nC: STARTTLS\nS: (220)\nE: TLS handshake', {
        startTls: { rejectUnauthorized: true },
      }),
    ).rejects.toThrow(/self-signed/i);
  });

  test('knows what happens and what has come in', async () => {
    const next = await sink();
    const happened: string[] = [];
    const partner = { port: next.port, queued: () => next.mails.map(({ from }) => from) };
    const script = 'S: (220)\nE: the moon rises\nE: the client has nothing more to say\nQ: nothing';
    const events = { 'the moon rises': () => void happened.push('moon') };
    expect(await failed(dialogue(partner, script, { events }))).toContain('but the queue got: nothing');
    expect(happened).toEqual(['moon']);
    expect(await failed(dialogue(partner, script))).toContain('but nobody knows how this happens: the moon rises');
  });

  test('that the server departs from is shown whole, with the line, what came instead, and what was left', async () => {
    const next = await sink();
    const error: DialogueError = await dialogue(
      next,
      'S: 220 sink.test ESMTP\nC: HELO client.test\nC: MAIL ann\nS: (250)\nS: 250 2.1.0 OK\nC: QUIT',
    ).then(
      () => expect.unreachable(),
      thrown => thrown,
    );
    expect(error.message).toBe(
      [
        'the server departs from the dialogue at line 5:',
        '    S: 220 sink.test ESMTP',
        '    C: HELO client.test',
        '    C: MAIL ann',
        '    S: 250 sink.test',
        '  > S: 250 2.1.0 OK',
        '    but it says 501 5.1.7 Not a path',
        '  . C: QUIT',
      ].join('\n'),
    );
    expect(error).toMatchObject({ name: 'DialogueError', line: 5 });
    expect(error.transcript.at(-1)).toBe('S: 501 5.1.7 Not a path');
  });

  test.each([
    ['S: 220 mx...', 'but it says 220 sink.test ESMTP'],
    ['S: (5yz)', 'but it says 220 sink.test ESMTP'],
    ['S: (220)\nC: NOOP\nS: (closes)', 'but it says 250 2.0.0 OK'],
    ['S: (220)\nC: QUIT\nS: (221)\nS: (250)', 'but it closes the connection'],
    ['S: (220)\nC: QUIT\nS: (221)\nS: 250 ...', 'but it closes the connection'],
    ['S: (220)\nC: EHLO a\nS: (offers AUTH)', 'but it does not offer AUTH'],
    ['S: (220)\nC: EHLO a\nS: (offers DSN; not SIZE)', 'but it offers SIZE'],
    ['S: (220)\nX: what', 'line 2 is no line of a dialogue: X: what'],
  ])('fails where it must: %j', async (script, why) => {
    expect(await failed(dialogue(await sink(), script))).toContain(why);
  });

  test('does not wait for ever, and shows nothing that a terminal would obey', async () => {
    const silent = await sink({ faults: { ehlo: 'silent' } });
    const waiting = dialogue(silent, 'S: (220)\nC: EHLO a\nS: (250)', { patience: 50 });
    expect(await failed(waiting)).toContain('but nothing was said within 50 ms');
    const loud = await sink({ faults: { ehlo: '550 \u001b[31mred' } });
    expect(await failed(dialogue(loud, 'S: (220)\nC: EHLO a\nS: (250)'))).toContain(String.raw`550 \u001b[31mred`);
  });
});
