/**
 * Where a mailbox lies below the directory: text with `{local}`, `{user}` and `{domain}` in it, such as `{domain}/{user}`.
 * `{user}` is the local part without the detail of a subaddress.
 */
import type { ForwardPath } from '../mail/address.ts';
import { mailboxName } from './mailbox-name.ts';
import { splitLocalPart } from './subaddress.ts';

const PLACEHOLDER = /\{(local|user|domain|detail)\}/g;
const LITERAL = /^(?![.])[\w.+=@~-]*$/;

/** What is wrong with a template, in one sentence, or `null` where nothing is. */
export function templateComplaint(template: string): string | null {
  if (template.includes('{detail}')) return 'cannot contain {detail}: most mail has none';
  return complaint(template);
}

/** The same for a template of what a subaddress leads to. */
export function detailComplaint(template: string): string | null {
  return template.includes('{detail}') ? complaint(template) : 'must contain {detail}';
}

function complaint(template: string): string | null {
  if (!/\{(local|user)\}/.test(template)) return 'must contain {local} or {user}, or all mail would go to one mailbox';
  for (const component of template.split('/')) {
    if (component === '') return 'must be relative, with one name between slashes';
    const text = component.replace(PLACEHOLDER, 'x');
    if (/[{}]/.test(text)) return 'knows {local}, {user}, {domain} and {detail} only';
    if (!LITERAL.test(text))
      return 'may hold letters, digits, and . _ + = @ ~ - outside its placeholders, no first dot';
    if (text.includes('.lock')) return 'must not contain .lock, which is what lock files are called';
  }
  return null;
}

/**
 * The path of a mailbox below the directory, or `null` where its name cannot be a file name.
 * @param delimiters the characters that part a subaddress (RFC 5233); with none of them `{user}` is `{local}`.
 */
export function mailboxPath(template: string, { localPart, domain }: ForwardPath, delimiters = ''): string | null {
  const { user, detail } = splitLocalPart(localPart, delimiters);
  const names = {
    local: mailboxName(localPart),
    user: mailboxName(user),
    domain: mailboxName(domain),
    detail: detail === null ? '' : mailboxName(detail),
  };
  if (Object.values(names).includes(null)) return null;
  return template.replace(PLACEHOLDER, (_, which: keyof typeof names) => names[which] ?? '');
}
