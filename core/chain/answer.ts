/**
 * Looks at what a plugin answered before anybody acts on it: TypeScript is not there at run time, and a plugin may be
 * plain JavaScript. What is not a proper answer counts as a failure of the plugin.
 */
import type { Facts } from '../mail/facts.ts';
import { formatMailbox } from '../mail/path.ts';
import { formatReply, type Refusal } from '../mail/reply.ts';
import { type Answer, HOOKS, type HookName } from '../plugin/hooks.ts';
import { areSound } from '../plugin/scram-keys.ts';
import type { Secret } from '../plugin/secret.ts';
import type { StoredSecret } from '../plugin/stored.ts';

/** What is wrong with a value as an answer to a hook, or `null`. */
export function faultOf(hook: HookName, value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return `answered ${describe(value)}`;
  const kinds: readonly string[] = HOOKS[hook].answers;
  if (typeof value.kind !== 'string' || !kinds.includes(value.kind)) {
    return `answered "${String(value.kind)}"; ${hook} knows ${kinds.join(', ')}`;
  }
  return faultInside(value as Answer<HookName>);
}

function faultInside(answer: Answer<HookName>): string | null {
  switch (answer.kind) {
    case 'reject':
      return faultOfReply(answer.reply, 5);
    case 'defer':
      return faultOfReply(answer.reply, 4);
    case 'expand':
      return Array.isArray(answer.to) && answer.to.length > 0 ? null : 'expanded a recipient to nobody';
    case 'rewrite':
      return typeof answer.content?.size === 'number' ? faultOfFacts(answer.facts) : 'rewrote without content';
    case 'note':
      return faultOfFacts(answer.facts);
    case 'report':
      return answer.outcomes instanceof Map ? null : 'reported without a map of outcomes';
    case 'authenticated':
      return typeof answer.user === 'string' && answer.user !== '' ? null : 'authenticated nobody';
    case 'stored':
      return answer.user === '' || typeof answer.user !== 'string' ? 'stored for nobody' : faultOfSecret(answer.secret);
    case 'accept':
    case 'offer':
    case 'hold':
    case 'discard':
    case 'route':
    case 'addresses':
      return null;
  }
}

function faultOfReply(reply: Refusal | undefined, digit: 4 | 5): string | null {
  const agrees =
    reply !== undefined &&
    Math.floor(reply.code / 100) === digit &&
    new RegExp(`^${digit}\\.\\d{1,3}\\.\\d{1,3}$`).test(reply.status) &&
    typeof reply.text === 'string';
  return agrees ? null : `gave a reply that is no ${digit}yz with a ${digit}.x.x status`;
}

/** What is wrong is never shown: it may be half of a secret. */
function faultOfSecret(secret: StoredSecret | undefined): string | null {
  if (secret?.mechanism === 'CRAM-MD5') return isSecret(secret.password) ? null : 'gave a password that is no Secret';
  if (secret?.mechanism !== 'SCRAM-SHA-256') return 'gave what no mechanism needs';
  if (!isSecret(secret.storedKey) || !isSecret(secret.serverKey)) return 'gave keys that are no Secret';
  return areSound(secret) ? null : 'gave keys of SCRAM-SHA-256 that cannot be worked with';
}

function isSecret(value: Secret | undefined): boolean {
  return typeof value?.reveal === 'function' && typeof value.reveal() === 'string';
}

/** Facts are stored with the mail: what cannot be would keep the whole mail from being accepted, and nobody would know why. */
function faultOfFacts(facts: Facts | undefined): string | null {
  const odd = Object.entries(facts ?? {}).find(([, value]) => !isFactValue(value));
  return odd === undefined ? null : `noted the fact ${odd[0]} as ${describe(odd[1])}, which is no plain data`;
}

function isFactValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(one => typeof one === 'string');
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function describe(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value}`;
}

/** The recipients of a list stand in its mail: the trace names so many of them. */
const MOST_NAMED = 100;

function someOf<T>(all: readonly T[], inWords: (one: T) => string): string {
  const more = all.length > MOST_NAMED ? [`and ${all.length - MOST_NAMED} more`] : [];
  return [...all.slice(0, MOST_NAMED).map(inWords), ...more].join(', ');
}

/** An answer in words, for the trace. `null` where its kind says it all. */
export function wordsOf(answer: Answer<HookName>): string | null {
  switch (answer.kind) {
    case 'reject':
    case 'defer':
      return answer.because === null ? formatReply(answer.reply) : `${formatReply(answer.reply)} (${answer.because})`;
    case 'expand':
      return someOf(answer.to, ({ to, via }) => `${formatMailbox(to)} via ${via}`);
    case 'hold':
    case 'discard':
      return answer.reason;
    case 'authenticated':
    case 'stored':
      return answer.user;
    case 'offer':
      return [...answer.add.map(keyword => `+${keyword}`), ...answer.remove.map(keyword => `-${keyword}`)].join(' ');
    case 'route':
      return `${answer.transport ?? 'as routed'}: ${answer.hosts?.map(host => `${host.name}:${host.port}`).join(', ') ?? 'no hosts'}`;
    case 'report':
      return [...answer.outcomes]
        .map(([recipient, outcome]) => `${formatMailbox(recipient.forwardPath)} ${outcome.kind}`)
        .join(', ');
    case 'addresses':
      return answer.mailboxes.map(formatMailbox).join(', ');
    case 'accept':
    case 'rewrite':
    case 'note':
      return null;
  }
}
