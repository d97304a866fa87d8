/** `mailframe queue content`: the octets of a mail as they are, to standard output. */
import { pipeline } from 'node:stream/promises';
import type { QueueControl } from '../../plugin/queue-control.ts';

const END_OF_HEADER = '\r\n\r\n';

/** Prints the content, or its header section with the empty line that ends it. */
export async function content(queue: QueueControl, id: string, headerAlone: boolean): Promise<void> {
  const found = await queue.find(id);
  const mail = found?.mail ?? null;
  if (mail === null) {
    process.stderr.write(`${id}: ${found === null ? await goneInWords(queue, id) : 'the mail cannot be read'}\n`);
    process.exitCode = 1;
    return;
  }
  const octets = headerAlone ? headerOf(mail.content.stream()) : mail.content.stream();
  await pipeline(octets, process.stdout, { end: false });
}

async function goneInWords(queue: QueueControl, id: string): Promise<string> {
  if ((await queue.past(id)) === null) return 'there is no such mail in the queue';
  return `no longer in the queue, and contents are not kept: mailframe queue show ${id}`;
}

async function* headerOf(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let before: Buffer = Buffer.alloc(0);
  for await (const piece of stream) {
    const octets: Buffer = Buffer.concat([before, piece]);
    const end = octets.indexOf(END_OF_HEADER);
    if (end !== -1) {
      yield octets.subarray(0, end + END_OF_HEADER.length);
      return;
    }
    // The end may lie across two pieces.
    const kept = Math.max(0, octets.length - END_OF_HEADER.length);
    yield octets.subarray(0, kept);
    before = octets.subarray(kept);
  }
  yield before;
}
