/** The schema of a listener's limits: every default that keeps a stranger in bounds. */
import { z } from 'zod';
import { cidr, duration, LONGEST_TIMER, size } from '../plugin/option-types.ts';
import { described } from './described.ts';

const count = () => z.int().min(1);
const time = (min: number) => duration({ min, max: LONGEST_TIMER });

/** A limit that can be taken away. */
function orOff<S extends z.ZodType>(schema: S) {
  return z
    .literal('off')
    .transform(() => null)
    .or(schema);
}

function crowd(
  one: string,
  defaults: Readonly<Record<'connections' | 'newConnections' | 'mails' | 'recipients', number>>,
) {
  return z.strictObject({
    connections: described(
      orOff(count()).prefault(defaults.connections),
      `Sessions of one ${one} at the same time, or off.`,
    ),
    newConnections: described(
      orOff(count()).prefault(defaults.newConnections),
      `Sessions that one ${one} may begin in a window, or off.`,
    ),
    mails: described(orOff(count()).prefault(defaults.mails), `MAIL commands of one ${one} in a window, or off.`),
    recipients: described(
      orOff(count()).prefault(defaults.recipients),
      `RCPT commands of one ${one} in a window, or off.`,
    ),
  });
}

export const limitsSchema = z.strictObject({
  connections: described(count().default(1000), 'The most clients at the same time.'),
  perClient: described(
    crowd('client', { connections: 50, newConnections: 300, mails: 1000, recipients: 10_000 }).prefault({}),
    'A client is an IPv4 address or the /64 of an IPv6 address.',
  ),
  perNetwork: described(
    crowd('network', { connections: 250, newConnections: 1500, mails: 5000, recipients: 50_000 }).prefault({}),
    'A network is a /24 of IPv4 or a /48 of IPv6.',
  ),
  window: described(
    time(1000).prefault('1 min'),
    'The time in which new connections, mails and recipients are counted.',
  ),
  exempt: described(
    z.array(cidr()).prefault(['127.0.0.0/8', '::1']),
    'Clients to whom perClient and perNetwork do not apply.',
  ),
  recipients: described(count().default(1000), 'The most recipients in one transaction.'),
  transactions: described(count().default(1000), 'The most transactions in one session.'),
  commands: described(count().default(100), 'Commands that bring no mail along, such as NOOP, between two mails.'),
  errors: described(count().default(100), 'Refused commands between two mails: one more ends the session.'),
  unknownCommands: described(count().default(10), 'Commands that nobody knows: the last of them ends the session.'),
  failedLogins: described(count().default(5), 'Wrong passwords: the last of them ends the session.'),
  commandLine: described(size({ min: 512, max: 1024 ** 2 }).prefault('16 KiB'), 'The longest command line.'),
  contentLine: described(orOff(size({ min: 998 })).prefault('off'), 'The longest line of content, or off.'),
  header: described(size({ min: 1024, max: 64 * 1024 ** 2 }).prefault('1 MiB'), 'The largest header section.'),
  hops: described(count().default(100), 'Received fields: with more of them a mail goes in circles.'),
  idle: described(time(1000).prefault('5 min'), 'How long a client may say nothing.'),
  command: described(time(1000).prefault('5 min'), 'How long a client may take for one command.'),
  session: described(time(1000).prefault('12 h'), 'How long a session may last.'),
  greetingPause: described(
    duration({ max: 60_000 }).prefault('0 s'),
    'How long a client must keep quiet before it is greeted.',
  ),
  contentRate: described(
    orOff(size({ min: 1 })).prefault(100),
    'The least octets a second, on average, at which content must come in, or off.',
  ),
});
