/** Dialogues as people write them, one line a step; `docs/testing.md` says how to read them. */
import { inBase64, octetsOf } from './dialogue-octets.ts';

/** What happens, or must happen, at one line. */
export type DialogueStep = {
  /** As it was written. */
  readonly written: string;
  /** Counted from 1. */
  readonly line: number;
} & (
  | { readonly kind: 'say'; readonly octets: Buffer }
  /** One line of a reply. */
  | { readonly kind: 'hear'; readonly pattern: RegExp }
  /** A whole reply, whatever its text and its lines are. */
  | { readonly kind: 'reply'; readonly code: RegExp }
  /** The rest of the answer to EHLO. */
  | { readonly kind: 'offer'; readonly wanted: readonly string[]; readonly unwanted: readonly string[] }
  | { readonly kind: 'closes' }
  | { readonly kind: 'event'; readonly what: string }
  | { readonly kind: 'queued'; readonly mail: string }
);

const STEP = /^\s*([CSEQ]):(?: (.*))?$/;
const REMARK = /^\s*(?:#.*)?$/;
/** `2yz` stands for any positive reply, `250` for that one. */
const REPLY = /^\(([2-5])([0-9]{2}|yz)\)$/;
const OFFERS = /^\(offers (.*?)(?:; not (.*))?\)$/;

/** @throws SyntaxError where a line is none of a dialogue. */
export function parseDialogue(script: string): readonly DialogueStep[] {
  return script.split('\n').flatMap((written, index) => {
    const [, who, text = ''] = STEP.exec(written.replace(/\r$/, '')) ?? [];
    if (who !== undefined) return [stepOf(who, text, { written: written.trimStart(), line: index + 1 })];
    if (REMARK.test(written)) return [];
    throw new SyntaxError(`line ${index + 1} is no line of a dialogue: ${written}`);
  });
}

function stepOf(who: string, text: string, about: Pick<DialogueStep, 'written' | 'line'>): DialogueStep {
  switch (who) {
    case 'C':
      return { ...about, kind: 'say', octets: octetsOf(text) };
    case 'E':
      return { ...about, kind: 'event', what: text };
    case 'Q':
      return { ...about, kind: 'queued', mail: text };
    default:
      return heardStep(text, about);
  }
}

function heardStep(text: string, about: Pick<DialogueStep, 'written' | 'line'>): DialogueStep {
  if (text === '(closes)') return { ...about, kind: 'closes' };
  const [, first, rest] = REPLY.exec(text) ?? [];
  if (first !== undefined)
    return { ...about, kind: 'reply', code: new RegExp(`^${first}${rest === 'yz' ? '\\d\\d' : rest}`) };
  const [offers, wanted = '', unwanted = ''] = OFFERS.exec(text) ?? [];
  if (offers === undefined) return { ...about, kind: 'hear', pattern: patternOf(text) };
  return { ...about, kind: 'offer', wanted: listed(wanted), unwanted: listed(unwanted) };
}

function listed(text: string): readonly string[] {
  return text === '' ? [] : text.split(', ');
}

/** `<id>` stands for a queue id, which is a group; `...` for anything, `base64(...)` for what it says. */
function patternOf(text: string): RegExp {
  const quoted = inBase64(text).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${quoted.replaceAll('<id>', '([0-9A-Za-z]+(?:\\.\\d+)?)').replaceAll('\\.\\.\\.', '.*')}$`);
}
