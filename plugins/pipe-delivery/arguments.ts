/**
 * The arguments of a program: text with `{local}`, `{recipient}` and the like in it.
 *
 * Guarantee: each argument stays one, whatever an address holds, and no shell reads it. What a stranger has chosen cannot
 * become an option either: see `isTakenForOption`.
 */
import { formatMailbox, formatPath, type Mail, type Recipient, splitLocalPart } from '../../core/index.ts';

const PLACEHOLDER = /\{([a-zA-Z]+)\}/g;

/** What placeholders stand for. */
export const PLACEHOLDERS = [
  'recipient',
  'original',
  'local',
  'user',
  'detail',
  'domain',
  'sender',
  'queueId',
  'argument',
] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** What is wrong with an argument, in one sentence, or `null` where nothing is. */
export function argumentComplaint(argument: string): string | null {
  if (argument.includes('\0')) return 'holds a NUL';
  for (const [, name = ''] of argument.matchAll(PLACEHOLDER)) {
    if (!isPlaceholder(name))
      return `{${name}} is unknown; known are ${PLACEHOLDERS.map(one => `{${one}}`).join(', ')}`;
  }
  return null;
}

/** What the placeholders stand for at one recipient. */
export function valuesFor(mail: Mail, recipient: Recipient, delimiters: string): Readonly<Record<Placeholder, string>> {
  const { forwardPath, original } = recipient;
  const { user, detail } = splitLocalPart(forwardPath.localPart, delimiters);
  return {
    recipient: formatMailbox(forwardPath),
    original: formatMailbox(original),
    local: forwardPath.localPart,
    user,
    detail: detail ?? '',
    domain: forwardPath.domain,
    // Without its brackets; nothing for the null reverse-path.
    sender: formatPath(mail.envelope.reversePath).slice(1, -1),
    queueId: mail.id,
    // What an alias says (`|command`): written by whoever looks after the gateway.
    argument: recipient.target?.argument ?? '',
  };
}

/** The argument with its values, put in once: what a value holds is not looked at again. */
export function filled(argument: string, values: Readonly<Record<Placeholder, string>>): string {
  return argument.replace(PLACEHOLDER, (_, name: string) => (isPlaceholder(name) ? values[name] : ''));
}

/** Whether a value would make the argument an option (`-oX`), or an empty one where something was expected to stand. */
export function isTakenForOption(argument: string, after: string): boolean {
  return !argument.startsWith('-') && after.startsWith('-');
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}
