/**
 * What aliases may lead to beside addresses, and who delivers it: commands and files only where the options say so.
 *
 * Guarantee (threat: directory traversal): a path that is let pass names something below one of the folders of the
 * options, whatever it is written like. Links below them are the business of whoever writes there.
 */
import type { Objection, Special } from './alias.ts';

/** Who delivers what. */
export interface Permission {
  /** Who runs commands. `null`: nobody. */
  readonly commands: { readonly transport: string } | null;
  /** Who writes files, and below which folders, as absolute paths. `null`: nobody. */
  readonly paths: { readonly transport: string; readonly below: readonly string[] } | null;
}

/** For alias files and entries in the configuration: whoever writes them looks after the gateway. */
export function ofOurs({ commands, paths }: Permission): Objection {
  return target => {
    switch (target.kind) {
      case 'include':
        return null;
      case 'command':
        return commands === null ? 'commands are run only where the option "commands" names who runs them' : null;
      case 'path':
        return paths === null
          ? 'files are written only where the option "paths" names who writes them; /dev/null throws mail away'
          : objectionTo(target.path, paths.below);
    }
  };
}

/** For what databases, servers and patterns say: what they hold may come from anybody. */
export const ADDRESSES_ALONE: Objection = ({ kind }) => {
  const what = { include: 'lists', command: 'commands', path: 'files' } satisfies Record<Special['kind'], string>;
  return `${what[kind]} stand in alias files alone`;
};

function objectionTo(path: string, below: readonly string[]): string | null {
  const segments = path.split('/');
  if (segments.includes('..') || segments.includes('.')) return 'a path must not hold "." or ".." between its slashes';
  const plain = path.replaceAll(/\/+/g, '/');
  const isBelow = below
    .map(folder => folder.replace(/\/*$/, '/'))
    .some(start => plain.length > start.length && plain.startsWith(start));
  return isBelow ? null : `files are written below ${below.join(' and ')} alone`;
}
