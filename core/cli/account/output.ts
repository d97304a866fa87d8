/** `--output`: the octets of a rehearsal, each content as a file of a folder. */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { mailboxName } from '../../delivery/mailbox-name.ts';
import type { Content } from '../../mail/content.ts';
import { MailframeError } from '../../mail/error.ts';
import { errnoOf } from '../../mail/failure.ts';
import { formatMailbox } from '../../mail/path.ts';
import type { Rehearsal } from '../../rehearsal/rehearsal.ts';

/** Where octets lie. */
export interface Output {
  /** `null`: nowhere. */
  fileOf(content: Content): string | null;
}

export const NO_OUTPUT: Output = { fileOf: () => null };

/**
 * Writes all contents of a rehearsal: each mail as it would be queued, as each transport would write or send it, and the
 * notifications.
 * @throws MailframeError where something is in the folder already: nothing is overwritten.
 */
export async function writeOutput(rehearsal: Rehearsal, folder: string): Promise<Output> {
  await mustBeEmpty(folder);
  const files = new Map<Content, string>();
  for (const [name, content] of contentsOf(rehearsal)) {
    if (files.has(content)) continue;
    const file = join(folder, name);
    await pipeline(content.stream(), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    files.set(content, file);
  }
  return { fileOf: content => files.get(content) ?? null };
}

async function mustBeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder).catch((error: unknown) => {
    throw new MailframeError('MF_OUTPUT', `${folder} cannot be written to: ${errnoOf(error) ?? String(error)}`);
  });
  if (names.length === 0) return;
  throw new MailframeError('MF_OUTPUT', `${folder} is not empty: name a folder in which nothing can be overwritten`);
}

/** By names that sort as they came: `1-queued.eml`, `1-mailboxes-1-ann@example.test`. */
function* contentsOf({ mails }: Rehearsal): Generator<readonly [string, Content]> {
  for (const [index, { mail, deliveries, notifications }] of mails.entries()) {
    const number = index + 1;
    yield [`${number}-queued.eml`, mail.content];
    let count = 0;
    for (const { transport, mail: given, told, previews } of deliveries) {
      const all = told === 'untold' ? [{ content: given.content, recipients: given.envelope.recipients }] : previews;
      for (const { content, recipients } of all) {
        count += 1;
        const [first] = recipients;
        const name = first === undefined ? 'nobody' : (mailboxName(formatMailbox(first.forwardPath)) ?? 'recipient');
        yield [`${number}-${mailboxName(transport) ?? 'transport'}-${count}-${name}`, content];
      }
    }
    for (const [at, { content }] of notifications.entries()) yield [`${number}-notification-${at + 1}.eml`, content];
  }
}
