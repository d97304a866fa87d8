/** `mailframe queue show`: where a mail stands, or stood when it left. */
import { formatMailbox, formatPath } from '../../mail/path.ts';
import { formatReply } from '../../mail/reply.ts';
import type { Session } from '../../mail/session.ts';
import type { RecipientEntry } from '../../plugin/queue-control.ts';
import { escapeControls } from '../../system/escape.ts';
import type { Life } from './life.ts';
import { octetsInWords, saidInWords, spanInWords, timeInWords, untilInWords } from './words.ts';

const LABEL = 10;

/** All that is known of a mail but its trace. */
export function showInWords(life: Life, now: Date): string {
  const { entry, session, facts } = life;
  const { receivedAt, envelope, hold, bounce, recipients } = entry;
  const stated = Object.entries(facts ?? {}).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const rows: (readonly [string, string])[] = [
    ['', `${entry.id}: ${whereInWords(life, now)}`],
    ['arrived', `${timeInWords(receivedAt)}, ${spanInWords(now.getTime() - receivedAt.getTime())} ago`],
    ['from', envelope === null ? 'cannot be read' : formatPath(envelope.reversePath)],
    ['size', octetsInWords(entry.size)],
    ...(session === null ? [] : [['client', clientInWords(session)] as const]),
    ...(stated.length === 0 ? [] : [['facts', stated.join(', ')] as const]),
    ...(hold === null ? [] : [['held', `by ${hold.by}: ${hold.reason}`] as const]),
    ...(bounce === null ? [] : [['returned', `its sender is told: ${formatReply(bounce)}`] as const]),
    ...recipients.flatMap(one => recipientInWords(one, life.left === null, now)),
  ];
  return rows
    .map(([label, text]) => `${label === '' ? '' : `  ${label.padEnd(LABEL)}`}${escapeControls(text)}\n`)
    .join('');
}

/** In the queue or not, and since when. */
export function whereInWords({ left }: Life, now: Date): string {
  if (left === null) return 'in the queue';
  const ago = `${timeInWords(left.at)}, ${spanInWords(now.getTime() - left.at.getTime())} ago`;
  const { removed } = left;
  if (removed === null) return `left the queue ${ago}`;
  return `removed ${ago}, by ${removed.by}${removed.reason === '' ? '' : `: ${removed.reason}`}`;
}

/** Who brought it. */
export function clientInWords({ client, greeting, tls, user, listener, forwarded }: Session): string {
  // No listener bears the name of the engine: it wrote the mail itself.
  if (listener === 'mailframe') return 'none: mailframe wrote it';
  const said = [
    // Nobody knows the port: it was rehearsed, or XCLIENT did not say it.
    client.port === 0 ? client.address : `${client.address}:${client.port}`,
    client.name ?? 'without a name',
    greeting === null ? 'no greeting' : `${greeting.verb} ${greeting.domain}`,
    tls === null ? 'no TLS' : `${tls.version} ${tls.cipher}`,
    ...(user === null ? [] : [`authenticated as ${user}`]),
    ...(forwarded === null ? [] : [`forwarded for ${forwarded.address ?? 'an unknown client'}`]),
    `through ${listener}`,
  ];
  return said.join(', ');
}

function recipientInWords(one: RecipientEntry, isThere: boolean, now: Date): readonly (readonly [string, string])[] {
  const { recipient, destination, attempts, lastOutcome } = one;
  const via = recipient.via.length === 0 ? '' : ` (for ${formatMailbox(recipient.original)})`;
  const address = formatMailbox(recipient.forwardPath);
  const at = destination === recipient.forwardPath.domain || destination === address ? '' : ` at ${destination}`;
  const stand = isThere ? standInWords(one, now) : endInWords(one);
  const tries = attempts === 0 ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const said = lastOutcome === null ? [] : [['', `${' '.repeat(LABEL + 2)}${saidInWords(lastOutcome)}`] as const];
  return [['to', `${address}${via}${at}: ${stand}${tries}`], ...said];
}

/** What it waits for, in one line: also the end of a trace. */
export function standInWords(
  { state, nextAttempt, keptBack, expires, lastOutcome }: RecipientEntry,
  now: Date,
): string {
  if (state === 'done') return lastOutcome?.kind ?? 'done';
  const parts: string[] = [state === 'leased' ? 'an attempt is being made' : state];
  if (keptBack?.kind === 'suspended') parts.push('its destination is suspended');
  else if (keptBack !== null && keptBack.until > now) {
    parts.push(`its destination is left alone until ${timeInWords(keptBack.until)}`);
  }
  if (nextAttempt !== null) parts.push(`next attempt ${untilInWords(nextAttempt, now)} (${timeInWords(nextAttempt)})`);
  if (expires !== null) parts.push(`its sender is told by ${timeInWords(expires)}`);
  return parts.join(', ');
}

function endInWords({ lastOutcome }: RecipientEntry): string {
  return lastOutcome?.kind ?? 'never tried';
}
