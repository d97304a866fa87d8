/**
 * Every sentence that the server says of its own accord, each with its code and enhanced status, and the form in which a
 * reply goes over the wire (RFC 5321 section 4.2, RFC 3463, RFC 2034).
 *
 * Guarantee: what `formatSaid` makes is one reply, whatever the text holds. Control characters, and what is not ASCII
 * unless the client asked for it, never reach the wire, an enhanced status stands once on each line and has the class of
 * the code, and no line but a challenge is longer than RFC 5321 section 4.5.3.1.5 allows.
 */
import type { PermanentReply, TransientReply } from '../mail/reply.ts';

/** A reply of any kind. A refusal is one. */
export interface Said {
  readonly code: number;
  /** The session is over with it. 221 and 421 say so themselves. */
  readonly after?: 'close';
  /** `null` where RFC 2034 section 4 has none: the greeting, the answer to EHLO and HELO, and 3yz. */
  readonly status: string | null;
  /** `utf-8`: the client has said that it understands that (RFC 6531 section 3.7.4.2). */
  readonly charset?: 'utf-8';
  /** Without code and status; a list has one entry a line. */
  readonly text: string | readonly string[];
}

/** In octets, with CRLF. */
const LONGEST_LINE = 512;
const CRLF_LENGTH = 2;
const UNSPEAKABLE = /[^\x20-\x7e]/g;
const SPEAKABLE = /^[\x20-\x7e]*$/;
const UNSPEAKABLE_IN_UTF8 = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}/gu;
const STATUS = /^[245]\.\d{1,3}\.\d{1,3}$/;

const said = (code: number, status: string | null, text: string): Said => ({ code, status, text });
const permanent = (code: PermanentReply['code'], status: PermanentReply['status'], text: string): PermanentReply => ({
  code,
  status,
  text,
});
const transient = (code: TransientReply['code'], status: TransientReply['status'], text: string): TransientReply => ({
  code,
  status,
  text,
});

/** What goes well. */
export const OK = said(250, '2.0.0', 'Ok');
export const SENDER_OK = said(250, '2.1.0', 'Ok');
/** RFC 6710, status X.3.6: the text begins with the priority that is given instead. */
export const priorityLowered = (priority: number) =>
  said(250, '2.3.6', `${priority} is the priority of this mail: more is not granted to you`);
export const RECIPIENT_OK = said(250, '2.1.5', 'Ok');
export const BYE = said(221, '2.0.0', 'Bye');
export const GO_AHEAD = said(354, null, 'End data with <CR><LF>.<CR><LF>');
export const READY_FOR_TLS = said(220, '2.0.0', 'Ready to start TLS');
export const LOGGED_IN = said(235, '2.7.0', 'Authentication successful');
export const help = (hello: string) =>
  said(214, '2.0.0', `${hello} MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP STARTTLS AUTH QUIT (RFC 5321)`);
/** RFC 5321 section 3.5.3: neither yes nor no. */
export const CANNOT_VERIFY = said(252, '2.0.0', 'Cannot verify the user, but will take mail and try to deliver it');
export const greeting = (hostname: string, protocol: 'smtp' | 'lmtp') =>
  said(220, null, `${hostname} ${protocol === 'lmtp' ? 'LMTP' : 'ESMTP'}`);
export const chunkTaken = (size: number) => said(250, '2.0.0', `Ok: ${size} octets`);
export const queued = (id: string) => said(250, '2.0.0', `Ok: queued as ${id}`);

/** Commands that make no sense, or none here. */
export const UNKNOWN_COMMAND = permanent(500, '5.5.2', 'Command not recognized');
export const NOT_UTF8 = permanent(500, '5.5.2', 'The command is not valid UTF-8');
export const LINE_TOO_LONG = permanent(500, '5.5.2', 'Line too long');
export const CONTROL_CHARACTER = permanent(500, '5.5.2', 'The command holds a control character');
/** The octets that follow may be anything, so none of them is read. */
export const BARE_NEWLINE: Said = { ...permanent(500, '5.5.2', 'Lines must end with CRLF'), after: 'close' };
export const CHUNK_OF_UNKNOWN_SIZE: Said = { ...permanent(501, '5.5.4', 'Syntax: BDAT size [LAST]'), after: 'close' };
export const CONTENT_HAS_BEGUN = permanent(503, '5.5.1', 'The content has begun, finish it with BDAT LAST');
export const NEEDS_BDAT = permanent(503, '5.5.1', 'Binary content needs BDAT');
export const NOT_IMPLEMENTED = permanent(502, '5.5.1', 'Command not implemented');
export const NO_ARGUMENT = permanent(501, '5.5.4', 'This command takes no argument');
export const GREET_FIRST = permanent(503, '5.5.1', 'Send HELO or EHLO first');
export const GREET_BY_LHLO = permanent(503, '5.5.1', 'Send LHLO first');
export const SPEAKS_LMTP = permanent(500, '5.5.1', 'This is LMTP: send LHLO');
export const NESTED_MAIL = permanent(503, '5.5.1', 'A mail transaction is in progress already');
export const AUTH_IN_TRANSACTION = permanent(503, '5.5.1', 'AUTH is not permitted during a mail transaction');
export const NOT_IN_TRANSACTION = permanent(503, '5.5.1', 'Not during a mail transaction');
export const NO_MAIL_YET = permanent(503, '5.5.1', 'Send MAIL first');
export const NO_RECIPIENTS = permanent(554, '5.5.1', 'No valid recipients');
/** RFC 2033 section 4.2 wants another code. */
export const NO_RECIPIENTS_BY_LMTP = permanent(503, '5.5.1', 'No valid recipients');
export const TLS_IS_ON = permanent(503, '5.5.1', 'TLS is active already');
export const syntax = (form: string) => permanent(501, '5.5.4', `Syntax: ${form}`);

/** Paths and parameters. */
export const badSender = (reason: string) => permanent(501, '5.1.7', `Bad sender address: ${reason}`);
export const badRecipient = (reason: string) => permanent(501, '5.1.3', `Bad recipient address: ${reason}`);
export const NEEDS_SMTPUTF8 = permanent(553, '5.6.7', 'An address beyond ASCII needs the SMTPUTF8 parameter');
/** RFC 6531 section 3.5 has another code for MAIL than for RCPT. */
export const SENDER_NEEDS_SMTPUTF8 = permanent(550, '5.6.7', 'An address beyond ASCII needs the SMTPUTF8 parameter');
/** RFC 6531 section 3.7.4.2. */
export const UTF8_REPLY_NEEDED = said(252, '2.6.8', 'The answer is beyond ASCII: ask with the SMTPUTF8 parameter');
export const badValue = (keyword: string) => permanent(501, '5.5.4', `Bad value of the parameter ${keyword}`);
export const badParameter = (reason: string) => permanent(501, '5.5.4', reason);
export const badAttribute = (reason: string) => permanent(501, '5.5.4', reason);
export const badAttributeValue = (name: string) => badAttribute(`Bad value of the attribute ${name}`);
export const unknownParameter = (keyword: string) => permanent(555, '5.5.4', `Parameter not recognized: ${keyword}`);
/** RFC 8689 section 2: to be said over TLS alone. */
export const REQUIRETLS_NEEDS_TLS = permanent(530, '5.7.10', 'REQUIRETLS needs TLS: send STARTTLS first');

/** Limits. */
export const TOO_LARGE = permanent(552, '5.3.4', 'The message is larger than the limit that SIZE states');
export const TOO_MANY_RECIPIENTS = transient(
  452,
  '4.5.3',
  'Too many recipients, send to the others in another transaction',
);
export const OTHER_GROUP = transient(
  452,
  '4.5.3',
  'Another policy applies to this recipient, send to it in another transaction',
);
export const TOO_MANY_HOPS = permanent(554, '5.4.6', 'Too many hops, this looks like a mail loop');
export const TOO_MANY_CONNECTIONS = transient(421, '4.7.0', 'Too many connections, try again later');
export const TOO_MANY_COMMANDS = transient(421, '4.7.0', 'Too many commands that bring no mail');
export const TOO_MANY_TRANSACTIONS = transient(421, '4.7.0', 'Enough mails for one session, connect again');
export const TOO_MUCH_MAIL = transient(450, '4.7.1', 'Too much mail from your address, try again later');
export const TOO_MUCH_MAIL_TO = transient(450, '4.7.1', 'Too many recipients from your address, try again later');
export const TOO_BUSY = transient(451, '4.3.2', 'Too busy to take the message, try again later');
export const HEADER_TOO_LARGE = permanent(552, '5.3.4', 'The header of the message is larger than this server takes');
export const LINE_OF_CONTENT_TOO_LONG = permanent(
  550,
  '5.6.0',
  'A line of the message is longer than this server takes',
);
export const TOO_MANY_ERRORS = transient(421, '4.7.0', 'Too many errors');
export const stray = (what: string) => permanent(550, '5.5.2', `The message holds a ${what}; lines must end with CRLF`);
/** RFC 3030 section 3. */
export const CANNOT_ENCODE = permanent(554, '5.6.1', 'The binary content cannot be put into lines');
export const NUL_IN_CONTENT = permanent(550, '5.6.0', 'The message holds a NUL character');

/** Who is talking, and who must. */
export const STARTTLS_FIRST = permanent(530, '5.7.0', 'Must issue a STARTTLS command first');
export const NO_CERTIFICATE = permanent(554, '5.7.0', 'Refused: this server needs a client certificate that it trusts');
export const TOO_EARLY = transient(421, '4.7.0', 'You talk before you were greeted');
export const HTTP_CLIENT = transient(421, '4.7.0', 'This is no HTTP server');
export const AUTHENTICATE_FIRST = permanent(530, '5.7.0', 'Authentication required');
export const ENCRYPT_FIRST = permanent(538, '5.7.11', 'Encryption required for authentication');
export const UNKNOWN_MECHANISM = permanent(504, '5.5.4', 'Authentication mechanism not supported');
export const KNOWN_ALREADY = permanent(503, '5.5.1', 'Authenticated already');
export const WRONG_CREDENTIALS = permanent(535, '5.7.8', 'Authentication credentials invalid');
export const AUTH_CANCELLED = permanent(501, '5.7.0', 'Authentication cancelled');
/** RFC 4954 section 4: the server begins CRAM-MD5. */
export const NO_INITIAL_RESPONSE = permanent(501, '5.7.0', 'This mechanism begins with a challenge');
export const NOT_BASE64 = permanent(501, '5.5.2', 'The response is not base64');
export const BAD_RESPONSE = permanent(501, '5.5.2', 'The response is not what the mechanism says');
export const RESPONSE_TOO_LONG = permanent(500, '5.5.6', 'Authentication exchange line is too long');
export const NO_CHANNEL_BINDING = permanent(504, '5.5.4', 'Channel binding is not supported');
export const TOO_MANY_LOGINS = transient(421, '4.7.0', 'Too many failed logins');

/** The end. */
export const IDLE = transient(421, '4.4.2', 'No command for too long, closing the connection');
export const TOO_SLOW = transient(421, '4.4.2', 'Too slow, closing the connection');
export const SESSION_TOO_LONG = transient(421, '4.4.2', 'The session has lasted too long, connect again');
export const SHUTTING_DOWN = transient(421, '4.3.2', 'Shutting down, try again later');
export const CONFIGURATION_CHANGED = transient(421, '4.3.2', 'The configuration has changed, connect again');

/** Whether the connection is closed after it. */
export function closes(reply: Said): boolean {
  return reply.after === 'close' || reply.code === 221 || reply.code === 421;
}

/** A reply as it goes over the wire, with its line ends. */
export function formatSaid({ code, status, text, charset }: Said): string {
  const prefix = status === null ? '' : `${agreeing(code, status)} `;
  // A challenge is one line, however long (RFC 4954 section 4).
  const room = code === 334 ? Number.POSITIVE_INFINITY : LONGEST_LINE - CRLF_LENGTH - `${code} ${prefix}`.length;
  // Nearly all replies are like this.
  const isPlain = (line: string) => line.length <= room && SPEAKABLE.test(line);
  if (typeof text === 'string' && isPlain(text)) return `${code} ${prefix}${text}\r\n`;
  const unspeakable = charset === 'utf-8' ? UNSPEAKABLE_IN_UTF8 : UNSPEAKABLE;
  const given = typeof text === 'string' ? [text] : text;
  const lines = given.every(isPlain) ? given : given.flatMap(line => wrap(line.replace(unspeakable, '?'), room));
  return lines.map((line, index) => `${code}${index < lines.length - 1 ? '-' : ' '}${prefix}${line}\r\n`).join('');
}

/** The status, or the vaguest one of the right class where it contradicts the code. */
function agreeing(code: number, status: string): string {
  const [digit = ''] = String(code);
  return status.startsWith(digit) && STATUS.test(status) ? status : `${digit}.0.0`;
}

function wrap(line: string, room: number): readonly string[] {
  if (Buffer.byteLength(line) <= room) return [line];
  const fitting = charactersWithin(line, room);
  const blank = line.lastIndexOf(' ', fitting);
  const end = blank > 0 ? blank : fitting;
  return [line.slice(0, end), ...wrap(line.slice(end).trimStart(), room)];
}

/** How much of a text takes no more than so many octets in UTF-8. In UTF-16 units, and no character is cut. */
function charactersWithin(text: string, octets: number): number {
  let [length, taken] = [0, 0];
  for (const character of text) {
    taken += Buffer.byteLength(character);
    if (taken > octets) break;
    length += character.length;
  }
  return length;
}
