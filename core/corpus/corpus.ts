/**
 * Lists the messages of a corpus: mbox files, Maildirs, folders of messages, single messages, the queue of a gateway and the
 * history of one. In the same order every time, and without holding more in memory than the names in one folder.
 */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../mail/failure.ts';
import type { Log } from '../plugin/ports.ts';
import { type Folder, openFolder } from './folder.ts';
import { type Found, fault, sample } from './found.ts';
import { mboxEntries } from './mbox.ts';
import { LOOKED_AT, natureOf } from './message-text.ts';
import { SIDECAR_ENDINGS } from './sidecar.ts';
import { pastMails, takenMails } from './taken.ts';

/** All messages below these paths. `log`: for what a queue has to say. */
export async function* foundIn(paths: readonly string[], log: Log): AsyncGenerator<Found> {
  for (const path of paths) {
    try {
      const isFolder = (await stat(path)).isDirectory();
      yield* isFolder ? inFolder(path, log) : inFile(path, await sidecarBeside(path));
    } catch (error) {
      yield fault(path, describeError(error));
    }
  }
}

async function* inFolder(path: string, log: Log): AsyncGenerator<Found> {
  const folder = await openFolder(path);
  switch (folder.kind) {
    case 'maildir':
      return yield* inMaildir(path, folder);
    case 'queue':
      return yield* takenMails(path, log);
    case 'history':
      return yield* pastMails(path);
    case 'other':
      return yield* inOtherFolder(path, folder, log);
  }
}

/** Every file there is a message, whatever its name: so says maildir(5). The folders of Maildir++ begin with a dot. */
async function* inMaildir(path: string, { entries }: Folder): AsyncGenerator<Found> {
  for (const part of ['cur', 'new']) {
    for (const entry of (await openFolder(join(path, part))).entries) {
      const isMail = entry.isFile() && !entry.name.startsWith('.');
      const file = join(path, part, entry.name);
      if (isMail) yield sample(file, { kind: 'file', path: file, sidecar: null });
    }
  }
  for (const { name } of entries.filter(entry => entry.isDirectory() && entry.name.startsWith('.'))) {
    const inside = await openFolder(join(path, name));
    if (inside.kind === 'maildir') yield* inMaildir(join(path, name), inside);
  }
}

/** Hidden files and folders are not looked at, and links are not followed: they may lead round in a circle. */
async function* inOtherFolder(path: string, { entries }: Folder, log: Log): AsyncGenerator<Found> {
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    const at = join(path, entry.name);
    if (entry.isDirectory()) yield* guarded(at, inFolder(at, log));
    else if (!entry.isFile()) yield { kind: 'other', name: at };
    else if (!isSidecar(entry.name)) yield* guarded(at, inFile(at, sidecarAmong(names, path, entry.name)));
    else if (!hasMessage(names, entry.name)) yield fault(at, 'there is no message beside it that it would belong to');
  }
}

/** What cannot be read hides nothing but itself. */
async function* guarded(name: string, inside: AsyncGenerator<Found>): AsyncGenerator<Found> {
  try {
    yield* inside;
  } catch (error) {
    yield fault(name, describeError(error));
  }
}

async function* inFile(path: string, sidecar: string | null): AsyncGenerator<Found> {
  const nature = sidecar !== null || /\.eml$/i.test(path) ? 'message' : natureOf(await beginningOf(path));
  if (nature === 'mbox') yield* inMbox(path);
  else if (nature === 'message') yield sample(path, { kind: 'file', path, sidecar });
  else yield { kind: 'other', name: path };
}

/** A file with one message needs no number. */
async function* inMbox(path: string): AsyncGenerator<Found> {
  const { size } = await stat(path);
  let number = 0;
  for await (const entry of mboxEntries(path)) {
    number += 1;
    const isAlone = number === 1 && size - entry.end <= 2;
    yield sample(isAlone ? path : `${path}:${number}`, entry);
  }
}

async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(LOOKED_AT), 0, LOOKED_AT, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function isSidecar(name: string): boolean {
  return SIDECAR_ENDINGS.some(ending => name.endsWith(ending));
}

function hasMessage(names: ReadonlySet<string>, sidecar: string): boolean {
  const stem = SIDECAR_ENDINGS.reduce(
    (name, ending) => (name.endsWith(ending) ? name.slice(0, -ending.length) : name),
    sidecar,
  );
  return names.has(stem) || names.has(`${stem}.eml`);
}

function sidecarNames(name: string): readonly string[] {
  const stem = name.replace(/\.eml$/i, '');
  return SIDECAR_ENDINGS.flatMap(ending => [`${stem}${ending}`, `${name}${ending}`]);
}

function sidecarAmong(names: ReadonlySet<string>, folder: string, name: string): string | null {
  const found = sidecarNames(name).find(one => names.has(one));
  return found === undefined ? null : join(folder, found);
}

async function sidecarBeside(path: string): Promise<string | null> {
  for (const name of sidecarNames(path)) {
    if (
      await stat(name).then(
        () => true,
        () => false,
      )
    )
      return name;
  }
  return null;
}
