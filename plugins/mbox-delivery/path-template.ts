/** Where a mailbox lies below the directory: text with `{local}` and `{domain}` in it, such as `{domain}/{local}`. */
import type { ForwardPath } from '../../core/index.ts';
import { mailboxName } from './mailbox-name.ts';

const PLACEHOLDER = /\{(local|domain)\}/g;
const LITERAL = /^(?![.])[\w.+=@~-]*$/;

/** What is wrong with a template, in one sentence, or `null` where nothing is. */
export function templateComplaint(template: string): string | null {
  if (!template.includes('{local}')) return 'must contain {local}, or all mail would go to one file';
  for (const component of template.split('/')) {
    if (component === '') return 'must be relative, with one name between slashes';
    const text = component.replace(PLACEHOLDER, 'x');
    if (/[{}]/.test(text)) return 'knows {local} and {domain} only';
    if (!LITERAL.test(text))
      return 'may hold letters, digits, and . _ + = @ ~ - outside its placeholders, no first dot';
    if (text.includes('.lock')) return 'must not contain .lock, which is what lock files are called';
  }
  return null;
}

/** The path of a mailbox below the directory, or `null` where its name cannot be a file name. */
export function mailboxPath(template: string, { localPart, domain }: ForwardPath): string | null {
  const names = { local: mailboxName(localPart), domain: mailboxName(domain) };
  if (names.local === null || names.domain === null) return null;
  return template.replace(PLACEHOLDER, (_, which: 'local' | 'domain') => names[which] ?? '');
}
