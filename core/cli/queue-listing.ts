/** Mail in the queue as text for people and as plain data for programs. No text from outside reaches a terminal raw. */
import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { formatReply } from '../mail/reply.ts';
import type { TraceStep } from '../mail/trace.ts';
import type { QueuedMail, QueueEntry, RecipientEntry } from '../plugin/queue-control.ts';
import { escapeControls } from '../system/escape.ts';

/** One mail as `list --json` has it. Times are ISO 8601, in UTC. */
export function entryInJson({ id, receivedAt, size, hold, envelope, recipients }: QueueEntry): object {
  return {
    id,
    receivedAt,
    size,
    readable: envelope !== null,
    reversePath: envelope === null ? null : formatPath(envelope.reversePath),
    hold,
    recipients: recipients.map(one => ({
      address: formatMailbox(one.recipient.forwardPath),
      original: formatMailbox(one.recipient.original),
      state: one.state,
      attempts: one.attempts,
      nextAttempt: one.nextAttempt,
      lastOutcome: one.lastOutcome,
    })),
  };
}

/** One mail as `show --json` has it. */
export function mailInJson({ entry, mail, trace }: QueuedMail): object {
  return { ...entryInJson(entry), session: mail?.session ?? null, facts: mail?.facts ?? null, trace };
}

/** One mail, a line for itself and one for each recipient that is not done. */
export function entryInWords({ id, receivedAt, size, hold, envelope, recipients }: QueueEntry): string {
  const from = envelope === null ? 'cannot be read' : `from ${formatPath(envelope.reversePath)}`;
  const lines = [`${id}  ${time(receivedAt)}  ${octets(size)}  ${from}`];
  if (hold !== null) lines.push(`    on hold by ${hold.by}: ${hold.reason}`);
  lines.push(...recipients.filter(one => one.state !== 'done').map(one => `    ${recipientInWords(one)}`));
  return safe(lines);
}

/** One mail with everything that is known of it. */
export function mailInWords({ entry, mail, trace }: QueuedMail): string {
  const { recipients } = entry;
  const done = recipients.filter(one => one.state === 'done');
  const lines = done.map(one => `    ${recipientInWords(one)}`);
  if (mail !== null) {
    const { client, greeting, user, listener } = mail.session;
    const name = greeting === null ? '' : ` as ${greeting.domain}`;
    lines.push(
      `came through ${listener} from ${client.address}${name}${user === null ? '' : `, authenticated as ${user}`}`,
    );
    const facts = Object.entries(mail.facts).map(([fact, value]) => `${fact} = ${JSON.stringify(value)}`);
    if (facts.length > 0) lines.push(`known: ${facts.join(', ')}`);
  }
  if (trace.length > 0) lines.push('trace:', ...trace.map(step => `    ${stepInWords(step)}`));
  return `${entryInWords(entry)}\n${safe(lines)}`;
}

function recipientInWords({ recipient, state, attempts, nextAttempt, lastOutcome }: RecipientEntry): string {
  const to = formatMailbox(recipient.forwardPath);
  const via = recipient.via.length === 0 ? '' : ` (for ${formatMailbox(recipient.original)})`;
  const next = nextAttempt === null ? '' : `, attempt ${attempts + 1} at ${time(nextAttempt)}`;
  return `${to}${via}: ${state}${next}${lastOutcome === null ? '' : `; ${outcomeInWords(lastOutcome)}`}`;
}

function outcomeInWords(outcome: Outcome): string {
  const from = outcome.remote === null ? '' : `${outcome.remote}: `;
  if (outcome.kind === 'delivered') return `delivered: ${from}${outcome.text}`;
  return `${outcome.kind}: ${from}${outcome.diagnostic ?? formatReply(outcome.reply)}`;
}

function stepInWords({ at, hook, plugin, mode, asked, answer, detail }: TraceStep): string {
  const shadow = mode === 'shadow' ? ' (shadow)' : '';
  return `${time(new Date(at))}  ${hook}  ${plugin}${shadow}: ${answer}${detail === null ? '' : ` ${detail}`}  [${asked}]`;
}

function time(date: Date): string {
  return date.toISOString().replace('T', ' ').slice(0, 19);
}

function octets(size: number): string {
  if (size < 1024) return `${size} B`;
  const [unit, name] = size < 1024 * 1024 ? [1024, 'KiB'] : [1024 * 1024, 'MiB'];
  return `${(size / unit).toFixed(1)} ${name}`;
}

function safe(lines: readonly string[]): string {
  return lines.map(escapeControls).join('\n');
}
