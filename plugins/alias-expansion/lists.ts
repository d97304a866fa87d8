/** The lists that `:include:` names, each read when it is first needed and again when it has changed. */
import {
  type Awaitable,
  describeError,
  FileTable,
  type FileTableServices,
  type FileTableSource,
  TableUnavailable,
} from '../../core/index.ts';
import { type Member, readList } from './list-file.ts';

/** Lists, by the paths that alias files name. Alias files are few, and so are the lists in them. */
export class Lists {
  readonly #services: FileTableServices;
  readonly #lists = new Map<string, FileTable<readonly Member[]>>();

  constructor(services: FileTableServices) {
    this.#services = services;
  }

  /** The members of a list as its file has them. @throws TableUnavailable where there was never a list that could be read */
  members(path: string): Awaitable<readonly Member[]> {
    const list = this.#lists.get(path) ?? new FileTable(listSource(path), this.#services);
    this.#lists.set(path, list);
    const members = list.current();
    return members instanceof Promise ? members.catch(error => refuse(path, error)) : members;
  }
}

function refuse(path: string, error: unknown): never {
  throw new TableUnavailable(`:include:${path}`, describeError(error), { cause: error });
}

/** Where a list comes from. */
export function listSource(path: string): FileTableSource<readonly Member[]> {
  return { paths: [path], parse: ([octets]) => readList(octets?.toString() ?? '', path) };
}
