/** What rules make of mail, read by programs that nobody here wrote: Python's email package, and GnuPG. */
import { expect, test } from 'vitest';
import { parseTree, walkParts } from '../../core/index.ts';
import { harness } from '../../core/testing.ts';
import mimeRewrite from '../../plugins/mime-rewrite/index.ts';
import { lines, multipart, part } from '../plugins/mime-rewrite/rewritten.ts';
import { describeWithGnupg, Gnupg } from '../support/gnupg.ts';
import { describeWithPython, type PythonPart, pythonReads } from '../support/python-email.ts';

async function changed(rules: readonly object[], mail: string | Buffer): Promise<Buffer> {
  const { data } = await harness(mimeRewrite, { rules });
  const answer = await data(mail);
  if (answer?.kind !== 'rewrite') throw new Error(`not rewritten, but ${answer?.kind ?? 'silence'}`);
  return answer.content.bytes();
}

const leaves = (mail: PythonPart): readonly PythonPart[] =>
  mail.parts.length === 0 ? [mail] : mail.parts.flatMap(leaves);
const typesOf = (mail: PythonPart) => leaves(mail).map(({ type }) => type);
const defectsOf = (mail: PythonPart): readonly string[] => [...mail.defects, ...mail.parts.flatMap(defectsOf)];

const HTML = part('text/html; charset=utf-8', '<p>Gr=C3=BC=C3=9Fe</p>', 'Content-Transfer-Encoding: quoted-printable');
const TEXT = part(
  'text/plain; charset=iso-8859-1',
  Buffer.from('Gr\xfc\xdfe\r\n', 'latin1').toString('base64'),
  'Content-Transfer-Encoding: base64',
);
const EXE = part(
  'application/octet-stream',
  'TVqQ',
  'Content-Transfer-Encoding: base64',
  "Content-Disposition: attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.exe",
);
const ALTERNATIVE = part('multipart/alternative; boundary=c', ['--c', TEXT, '--c', HTML, '--c--'].join('\n'));

describeWithPython('mime-rewrite: Python reads', () => {
  test('a footer in the charset and the encoding of each alternative', async () => {
    const mail = pythonReads(
      await changed([{ do: { footer: { text: 'Schöne Grüße' } } }], multipart('mixed', ALTERNATIVE, EXE)),
    );
    expect(defectsOf(mail)).toEqual([]);
    const [text, html, file] = leaves(mail);
    expect(text?.octets?.toString('latin1')).toBe('Gr\xfc\xdfe\r\nSch\xf6ne Gr\xfc\xdfe\r\n');
    expect(html?.text).toContain('<p>Grüße</p>');
    expect(html?.text).toContain('Sch');
    expect(file?.octets?.toString('latin1')).toBe('MZ\x90');
  });

  test('a mail without the part that was dropped, replaced, renamed and encoded anew', async () => {
    const base = multipart('mixed', ALTERNATIVE, EXE);
    const drop = pythonReads(await changed([{ match: { name: '*.exe' }, do: 'drop' }], base));
    expect(typesOf(drop)).toEqual(['text/plain', 'text/html']);
    const note = pythonReads(
      await changed([{ match: { name: '*.exe' }, do: { replaceWith: { text: '{name} is gone' } } }], base),
    );
    expect(leaves(note).at(-1)?.text).toBe('grüße.exe is gone\r\n');
    const renamed = pythonReads(
      await changed(
        [
          {
            match: { name: '*.exe' },
            do: [{ renameFile: '{stem}.täxt' }, { encode: { as: 'quoted-printable' } }, { retype: 'text/plain' }],
          },
        ],
        base,
      ),
    );
    const file = leaves(renamed).at(-1);
    expect(file).toMatchObject({ type: 'text/plain', octets: Buffer.from('MZ\x90', 'latin1') });
    expect(file?.headers.find(([name]) => name === 'Content-Disposition')?.[1]).toContain('grüße.täxt');
    for (const mail of [drop, note, renamed]) expect(defectsOf(mail)).toEqual([]);
  });

  test('wrapped mail, flattened mail and new alternatives', async () => {
    const plain = lines('From: ann@example.test', 'Subject: hello', '', 'Hello');
    const message = pythonReads(await changed([{ do: { wrap: { as: 'message', text: 'Careful' } } }], plain));
    expect(message.parts.map(({ type }) => type)).toEqual(['text/plain', 'message/rfc822']);
    expect(message.parts[1]?.parts[0]?.headers).toContainEqual(['Subject', 'hello']);
    const both = pythonReads(await changed([{ do: { addAlternative: { of: 'html' } } }], plain));
    expect(typesOf(both)).toEqual(['text/plain', 'text/html']);
    const flat = pythonReads(
      await changed([{ match: { name: true }, do: 'drop' }, { do: 'flatten' }], multipart('mixed', HTML, EXE)),
    );
    expect(flat).toMatchObject({ type: 'text/html', text: '<p>Grüße</p>', parts: [] });
    for (const mail of [message, both, flat]) expect(defectsOf(mail)).toEqual([]);
  });
});

describeWithGnupg('mime-rewrite: GnuPG verifies', () => {
  test('signed mail that was wrapped for its footer', async () => {
    const gnupg = await Gnupg.create();
    try {
      const at = '20260601T000000';
      const key = await gnupg.makeKey({
        userId: 'ann@example.test',
        algorithm: 'ed25519',
        made: '20260101T000000',
        expires: 'never',
      });
      const signed = [
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
        '',
        'Grüße  ',
        '',
      ].join('\r\n');
      const signature = await gnupg.sign(Buffer.from(signed), 'detached', { by: [key], at });
      const mail = multipart(
        'signed; protocol="application/pgp-signature"; micalg=pgp-sha256',
        signed,
        part('application/pgp-signature', signature),
      );
      const footer = {
        do: [{ subjectTag: '[ext]' }, { footer: { text: 'From outside.' } }],
        signed: { wrap: 'mixed' },
      };
      const octets = await changed([footer], mail);
      const read = parseTree(octets);
      const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
      const wrapper = parts.find(({ type }) => type.subtype === 'signed');
      expect(parts.at(-1)?.body.toString()).toContain('From outside.');
      const [covered, proof] = wrapper?.children ?? [];
      expect(await gnupg.verify(covered?.octets ?? Buffer.alloc(0), at, proof?.body)).toEqual(['GOODSIG']);
      expect(await gnupg.verify(Buffer.concat([covered?.octets ?? octets, Buffer.from('x')]), at, proof?.body)).toEqual(
        ['BADSIG'],
      );
    } finally {
      await gnupg.remove();
    }
  });
});
