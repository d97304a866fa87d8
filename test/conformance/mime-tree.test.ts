/** Part trees against what other parsers make of the same mails: Stalwart's mail-parser, and MIME-tools. */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'vitest';
import { type Part, walkParts } from '../../core/mime/part.ts';
import { partContent } from '../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../core/mime/tree.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally } from '../support/tally.ts';

/** A leaf by its offsets, everything else by its children. */
type Shape = readonly [start: number, bodyStart: number, end: number] | { readonly parts: readonly Shape[] };

function shapeOf(part: Part): Shape {
  if (part.children.length > 0) return { parts: part.children.map(shapeOf) };
  return [part.start, part.bodyStart, part.end];
}

interface StalwartMessage {
  readonly parts: readonly {
    readonly body: Readonly<Record<string, unknown>>;
    readonly offset_header: number;
    readonly offset_body: number;
    readonly offset_end: number;
  }[];
}

function stalwartShape({ parts }: StalwartMessage, number = 0): Shape {
  const part = parts[number];
  if (part === undefined) throw new Error(`there is no part ${number}`);
  const { Multipart, Message } = part.body as { Multipart?: readonly number[]; Message?: StalwartMessage };
  if (Multipart !== undefined && Multipart.length > 0)
    return { parts: Multipart.map(each => stalwartShape({ parts }, each)) };
  if (Message !== undefined) return { parts: [stalwartShape(Message)] };
  return [part.offset_header, part.offset_body, part.offset_end];
}

/** A part as MIME-tools lists it. */
interface Listed {
  readonly type: string;
  readonly size: number | null;
}

/** The parts of a dump of Perl data: `"Part_2_1" => { "Size" => 123, "Type" => "text/html" }`. */
function perlParts(text: string): ReadonlyMap<string, Listed> {
  const entries = [...text.matchAll(/"(Msg|Part_[0-9_]+)"\s+=> \{([^]*?)\n {2}\}/g)].map(([, name = '', body = '']) => {
    const type = /"Type"\s+=> "([^"]*)"/.exec(body)?.[1] ?? '';
    const size = /"Size"\s+=> "?([0-9]+)/.exec(body)?.[1];
    const path = name === 'Msg' ? '' : name.slice('Part_'.length).replaceAll('_', '.');
    return [path, { type, size: size === undefined ? null : Number(size) }] as const;
  });
  return new Map(entries);
}

function rootOf(octets: Buffer): Part {
  const read = parseTree(octets);
  if (read.kind !== 'tree') throw new Error(`the mail is too complex: ${read.what}`);
  return read.root;
}

const shapeIn = (octets: Buffer) => shapeOf(rootOf(octets));

describeWithCorpus('part trees of other parsers', () => {
  test("Stalwart's mail-parser: every offset", () => {
    const folder = corpus('mime', 'stalwart-mail-parser', 'eml');
    const mails = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.eml'));
    const verdicts = mails.toSorted().map(path => {
      const want = JSON.parse(readFileSync(`${folder}/${path.replace('.eml', '.json')}`, 'utf8')) as StalwartMessage;
      const octets = readFileSync(`${folder}/${path}`);
      // Some of the mails have CRLF where the offsets count LF alone.
      const shapes = [octets, Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')].map(shapeIn);
      const same = shapes.find(shape => JSON.stringify(shape) === JSON.stringify(stalwartShape(want)));
      return compared(path.replaceAll('\\', '/'), same ?? shapes[0], stalwartShape(want));
    });
    tally('mime/stalwart-mail-parser', verdicts, {
      'malformed/000.eml': 'a boundary line ends a header also where it could be a field',
      'malformed/001.eml': 'a boundary that only begins like another one is another one',
      'malformed/003.eml': 'of two multiparts with the same boundary the outer one counts',
      'malformed/004.eml': 'a boundary that only begins like another one is another one',
      'malformed/007.eml': 'a boundary line ends a header that has no empty line; the inner multipart is one',
      'malformed/014.eml': 'a boundary line that does not close begins a part, be it empty',
      'malformed/020.eml': 'two Content-Type fields: the first one counts, and it says multipart',
      'malformed/022.eml': 'message/rfc822 holds a mail, be it without header',
      'thirdparty/005.eml': 'a boundary stands at the start of a line',
      'thirdparty/015.eml': 'the boundary of the outer multipart ends the mails in it, whose own boundaries never come',
    });
  });

  test('MIME-tools: type and decoded size of every part', () => {
    const folder = corpus('mime', 'mime-tools', 'testmsgs');
    const verdicts = readdirSync(folder)
      .filter(name => name.endsWith('.ref'))
      .map(name => {
        const want = [...perlParts(readFileSync(`${folder}/${name}`, 'utf8'))].toSorted(([one], [other]) =>
          one < other ? -1 : 1,
        );
        const root = rootOf(readFileSync(`${folder}/${name.replace('.ref', '.msg')}`));
        const parts = new Map([...walkParts(root)].map(part => [part.path, part]));
        const got = want.map(([path, { size }]) => {
          const part = parts.get(path);
          if (part === undefined) return [path, null];
          const { type, subtype } = part.type;
          return [path, { type: `${type}/${subtype}`, size: size === null ? null : partContent(part).length }];
        });
        return compared(name, got, want);
      });
    tally('mime/mime-tools', verdicts, {
      'multi-digest.ref': 'a type without its second half is none, and none is text/plain (RFC 2045 section 5.2)',
    });
  });
});
