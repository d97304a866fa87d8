/** What an entry of a table leads to, as it is written: addresses, directives, commands, files. */
import { parseDomain, parseLocalPart, parseMailbox } from '../../core/index.ts';
import type { Address, Objection, Special, Target } from './alias.ts';
import { type Item, itemsOf, Misread } from './words.ts';

/** Reads the targets of a text. @throws Misread */
export function readTargets(text: string, from: number, objects: Objection): readonly Target[] {
  return itemsOf(text, from).map(item => readTarget(item, objects));
}

/** An address without a domain is a name. @throws Misread */
export function readAddress({ text, offset }: Item): Address {
  const mailbox = parseMailbox(text);
  if (mailbox !== null) return mailbox;
  const localPart = parseLocalPart(text);
  if (localPart === null) throw new Misread(offset, whyNoAddress(text));
  return { localPart, domain: null };
}

/** A domain that stands behind an `@`, alone. @throws Misread */
export function readDomain({ text, offset }: Item): string {
  const domain = parseDomain(text.slice(1));
  if (domain === null) throw new Misread(offset, `${JSON.stringify(text)} is no domain`);
  return domain;
}

function readTarget({ text, offset }: Item, objects: Objection): Target {
  const bare = unquoted(text);
  // A name may begin with a colon too: quotation marks keep it from being a directive, but for a path with blanks in it.
  if (text.startsWith(':') || /^:include:/i.test(bare)) {
    const [, word = '', rest = ''] = /^:([^:\s]*):?\s*(.*)$/s.exec(bare) ?? [];
    return readDirective(word.toLowerCase(), rest, { offset, objects });
  }
  if (bare === '/dev/null') return { kind: 'blackhole' };
  if (bare.startsWith('|')) return permitted({ kind: 'command', command: bare.slice(1).trim() }, { offset, objects });
  if (bare.startsWith('/')) return permitted({ kind: 'path', path: bare }, { offset, objects });
  if (text.startsWith('@')) return { kind: 'domain', domain: readDomain({ text, offset }) };
  if (text.startsWith('\\')) {
    return { kind: 'mailbox', address: readAddress({ text: text.slice(1), offset: offset + 1 }) };
  }
  return { kind: 'address', address: readAddress({ text, offset }) };
}

interface Place {
  readonly offset: number;
  readonly objects: Objection;
}

function readDirective(word: string, rest: string, place: Place): Target {
  switch (word) {
    case 'blackhole':
      if (rest !== '') throw new Misread(place.offset, 'nothing may follow :blackhole: but a comma');
      return { kind: 'blackhole' };
    case 'fail':
    case 'defer':
      return { kind: word, text: readReplyText(rest, place.offset) };
    case 'include':
      return permitted({ kind: 'include', path: unquoted(rest) }, place);
    default:
      throw new Misread(place.offset, `:${word}: is not known; there are :include:, :fail:, :defer: and :blackhole:`);
  }
}

/** Whoever reads it later hears of one line: what has another, or a NUL, is no command and no path. */
function permitted(target: Special, { offset, objects }: Place): Target {
  const text = target.kind === 'command' ? target.command : target.path;
  if (text === '') throw new Misread(offset, `the ${target.kind === 'command' ? 'command' : 'path'} is missing`);
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new Misread(offset, 'no control character may stand here');
  const objection = objects(target);
  if (objection !== null) throw new Misread(offset, objection);
  return target;
}

/** The text goes into an SMTP reply: one line of ASCII (RFC 5321 section 4.2). */
function readReplyText(text: string, offset: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  if (!/^[\x20-\x7e]{0,400}$/.test(line)) {
    throw new Misread(offset, 'the client reads this text: at most 400 characters of printable ASCII');
  }
  return line;
}

function unquoted(text: string): string {
  const quoted = /^"(.*)"$/s.exec(text)?.[1];
  return quoted === undefined ? text : quoted.replaceAll(/\\(.)/gs, '$1');
}

function whyNoAddress(text: string): string {
  if (text.includes('\ufffd')) return 'this is not UTF-8, in which alias files are written';
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""');
  if (outside === '') return 'a name is missing before the colon';
  if (/(?:^|\s)#/.test(outside)) return 'a comment stands on a line of its own, with # as its first character';
  if (/\s/.test(outside))
    return `${JSON.stringify(text)} has a blank in it: a comma is missing, or quotation marks around a name`;
  if (outside.includes('\\')) return 'a backslash stands before a mailbox as a whole, or between quotation marks';
  return `${JSON.stringify(text)} is no address`;
}
