/** What the form of the page asks to be sent, looked over. */
import { parseMailbox } from '../mail/path.ts';
import type { Random } from '../plugin/ports.ts';
import type { SendRequest } from './send-mail.ts';
import { TEST_MAIL_KINDS, testMail } from './test-mail.ts';

export type SendForm =
  | { readonly kind: 'sound'; readonly listener: string; readonly request: SendRequest }
  | { readonly kind: 'faulty'; readonly message: string };

/** Reads it. `eml`: a whole mail in base64, instead of one that is made here. */
export function parseSendForm(
  body: Readonly<Record<string, unknown>>,
  at: { readonly now: Date; readonly random: Random },
): SendForm {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const from = text('from').trim();
  const to = text('to')
    .split(/[\s,;]+/)
    .filter(one => one !== '');
  const wrong = [...to, ...(from === '' ? [] : [from])].find(one => parseMailbox(one) === null);
  if (wrong !== undefined) return { kind: 'faulty', message: `${wrong} is no address: write it as ann@example.test` };
  if (to.length === 0) return { kind: 'faulty', message: 'Name at least one recipient' };
  const login = text('user') === '' ? null : { user: text('user'), password: text('password') };
  const listener = text('listener');
  if (text('eml') !== '') {
    const content = withCrLf(Buffer.from(text('eml'), 'base64'));
    return { kind: 'sound', listener, request: { from, to, content, login } };
  }
  const kind = TEST_MAIL_KINDS.find(one => one === text('kind')) ?? 'plain';
  const content = testMail({ kind, from, to, subject: text('subject'), text: text('text') }, at);
  return { kind: 'sound', listener, request: { from, to, content, login } };
}

/** Files of mails have the line ends of the system that they lie on. */
function withCrLf(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}
