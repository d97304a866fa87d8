/** Files that fail where a test wants it: at one operation, or at all from there on, as when the process is killed. */
import type { Files, OpenFile } from '../../../core/index.ts';

/** One thing done with files. */
export interface Step {
  /** From 0. */
  readonly number: number;
  readonly operation: Exclude<keyof Files, 'resolve' | 'blocking'> | keyof OpenFile;
  readonly path: string;
  /** That are written, or 0. */
  readonly octets: number;
}

/** What becomes of a step. `half`: a write puts half of its octets there and fails; anything else fails. */
export type Fate = 'works' | 'fails' | 'half';

/** Wraps files: every step is put to the test, which says what becomes of it. */
export function failingFiles(files: Files, fateOf: (step: Step) => Fate): Files {
  let number = 0;
  const fails = () => Object.assign(new Error('EIO: the test makes it fail'), { code: 'EIO' });
  const act = async <T>(operation: Step['operation'], path: string, action: () => Promise<T>): Promise<T> => {
    if (fateOf({ number: number++, operation, path, octets: 0 }) !== 'works') throw fails();
    return action();
  };
  const opened = (path: string, file: OpenFile): OpenFile => ({
    facts: () => act('facts', path, () => file.facts()),
    read: (position, length) => act('read', path, () => file.read(position, length)),
    async write(octets, position) {
      const fate = fateOf({ number: number++, operation: 'write', path, octets: octets.length });
      if (fate === 'works') return file.write(octets, position);
      if (fate === 'half') await file.write(octets.subarray(0, octets.length / 2), position);
      throw fails();
    },
    own: (user, group) => act('own', path, () => file.own(user, group)),
    truncate: size => act('truncate', path, () => file.truncate(size)),
    sync: () => act('sync', path, () => file.sync()),
    close: () => act('close', path, () => file.close()),
  });
  return {
    resolve: path => files.resolve(path),
    read: path => act('read', path, () => files.read(path)),
    facts: path => act('facts', path, () => files.facts(path)),
    list: path => act('list', path, () => files.list(path)),
    makeDirectory: (path, mode) => act('makeDirectory', path, () => files.makeDirectory(path, mode)),
    open: (path, how, mode) => act('open', path, async () => opened(path, await files.open(path, how, mode))),
    replace: (path, octets, mode) => act('replace', path, () => files.replace(path, octets, mode)),
    append: (path, octets, mode) => act('append', path, () => files.append(path, octets, mode)),
    rename: (from, to) => act('rename', from, () => files.rename(from, to)),
    link: (from, to) => act('link', from, () => files.link(from, to)),
    remove: path => act('remove', path, () => files.remove(path)),
    syncDirectory: path => act('syncDirectory', path, () => files.syncDirectory(path)),
  };
}
