/** The bounces of the corpus as a client would send them: one mail each, with the line ends that SMTP wants where it can. */
import { mailFiles } from './mail-files.ts';

/** A mail of the corpus. What is in it may stand in no message: other people's addresses. */
export interface Bounce {
  readonly name: string;
  readonly octets: Buffer;
}

const NO_MAIL = /(?:^|\/)(?:LICENSE|SOURCE\.txt)$/;
const IN_A_MAILBOX = /^dsn\/sisimai\/mailbox\//;
/** Begins a mail in a mailbox file. */
const FROM_LINE = /^From .*\r?\n/m;

/** By source: the folder that the mails of one collection and one kind share. */
export function bouncesBySource(): ReadonlyMap<string, readonly Bounce[]> {
  const files = mailFiles('dsn').filter(({ name }) => !NO_MAIL.test(name));
  const bounces = files.flatMap(({ name, octets }) => {
    const text = octets().toString('latin1');
    const mails = IN_A_MAILBOX.test(name) ? text.split(FROM_LINE).slice(1) : [text.replace(/^From .*\r?\n/, '')];
    return mails.map((mail, index) => ({ name: mails.length > 1 ? `${name}#${index + 1}` : name, octets: sent(mail) }));
  });
  return Map.groupBy(bounces, ({ name }) => name.slice(0, name.lastIndexOf('/')));
}

/** LF becomes CRLF. What has CRs of its own is fed as it is. */
function sent(text: string): Buffer {
  return Buffer.from(text.includes('\r') ? text : text.replaceAll('\n', '\r\n'), 'latin1');
}
