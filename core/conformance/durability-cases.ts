/** What 250 means: the mail is in the queue under the id that was told, and carries a trace of where it has been. */
import type { ConformanceCase } from './conformance-case.ts';
import type { Conversation } from './conversation.ts';
import { hold, must } from './must.ts';

const group = 'durability' as const;
const ID = /queued as ([0-9A-Za-z.]+)/;

export const DURABILITY_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'queue-id',
    source: 'RFC 5321 section 4.2.5',
    sentence: '250 to the content names the mail, and the queue has it by then.',
    async run(probe) {
      const { own } = probe;
      const id = await taken(await probe.inContent());
      hold(await own.knows(id), `the queue knows no mail ${id}`);
    },
  },
  {
    group,
    name: 'lost-client',
    source: 'RFC 5321 section 4.1.1.4',
    sentence: 'A client that is gone before the end of the content has sent no mail.',
    async run(probe) {
      const { own } = probe;
      const before = own.attempts.length;
      const conversation = await probe.inContent('to-refuse');
      conversation.send('Subject: half\r\n\r\nhalf of it\r\n');
      conversation.finish();
      await conversation.rest();
      await own.settled();
      hold(own.attempts.length === before, 'half a mail is passed on');
    },
  },
  {
    group,
    name: 'trace',
    source: 'RFC 5321 section 4.4',
    sentence: 'A Received field with our name, the protocol, the id and the date is put on top of what came.',
    async run(probe) {
      const { own } = probe;
      const id = await taken(await probe.inContent());
      await own.settled();
      const content = own.attempts.find(one => one.id === id)?.content.toString('latin1') ?? '';
      const fields =
        content
          .split('\r\n\r\n')[0]
          ?.replace(/\r\n[ \t]+/g, ' ')
          .split('\r\n') ?? [];
      const received = fields.find(line => /^Received:/i.test(line)) ?? '';
      hold(received !== '', 'there is none');
      hold(received.includes(` by ${own.hostname}`), 'it does not name us');
      hold(/ with (?:UTF8)?E?SMTPS?A?\b/.test(received), 'it does not name the protocol');
      hold(received.includes(id), 'it does not name the id');
      hold(/;\s*(?:\w{3}, )?\d{1,2} \w{3} \d{4} \d\d:\d\d(?::\d\d)? [+-]\d{4}/.test(received), 'it has no date');
    },
  },
];

/** Sends a small mail. @returns the id that the reply names. */
async function taken(conversation: Conversation): Promise<string> {
  conversation.send('Subject: kept\r\n\r\ntext\r\n.\r\n');
  const { lines } = must(await conversation.reply(), 250);
  const id = ID.exec(lines.join(' '))?.[1];
  hold(id !== undefined, 'the reply names no id');
  return id ?? '';
}
