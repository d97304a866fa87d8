/**
 * Mailcap files: which program a user has for a media type (RFC 1524). Read here, and nothing run.
 *
 * A command is a line for a shell, and media types, parameters and file names come from strangers. So nothing of theirs is put
 * into one but letters, digits and a few marks that mean nothing to any shell in any quotation (`harmless`); the file is
 * ours, and its name too.
 */
import { logicalLine } from './mailcap-line.ts';

/** One entry. */
export interface MailcapEntry {
  /** Lower case: `image/png`, `image/*`. */
  readonly type: string;
  /** The view command, as it is written. */
  readonly command: string;
  /** What must succeed before the entry counts, or `null`. */
  readonly test: string | null;
  /** How the name of the file is to look: `%s.html`. */
  readonly nametemplate: string | null;
  /** Whether it prints what there is to see, and does nothing else. */
  readonly copiousoutput: boolean;
  readonly needsterminal: boolean;
}

/** The files to be read, in their order: the first entry that matches counts (RFC 1524 appendix A). */
export function mailcapFiles(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const listed = env.MAILCAPS;
  if (listed !== undefined && listed !== '') return listed.split(':').filter(path => path !== '');
  const home = env.HOME === undefined || env.HOME === '' ? [] : [`${env.HOME}/.mailcap`];
  return [...home, '/etc/mailcap', '/usr/share/etc/mailcap', '/usr/local/etc/mailcap'];
}

/** The entries of a file, in their order. Lines that say nothing are passed over. */
export function parseMailcap(text: string): readonly MailcapEntry[] {
  return [...logicalLine(text)].flatMap(fields => {
    const [type = '', command = '', ...rest] = fields;
    const name = /^[\w.+*-]+$/.test(type) ? `${type}/*` : type;
    if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(name) || command === '') return [];
    return [
      {
        type: name.toLowerCase(),
        command,
        test: valueOf(rest, 'test'),
        nametemplate: valueOf(rest, 'nametemplate'),
        copiousoutput: isSet(rest, 'copiousoutput'),
        needsterminal: isSet(rest, 'needsterminal'),
      },
    ];
  });
}

function valueOf(fields: readonly string[], name: string): string | null {
  const found = fields.find(field => new RegExp(`^${name}\\s*=`, 'i').test(field));
  return found === undefined ? null : found.slice(found.indexOf('=') + 1).trim();
}

function isSet(fields: readonly string[], name: string): boolean {
  return fields.some(field => field.toLowerCase() === name);
}

/** The entries that can print a part of that type, in the order in which they are to be tried. */
export function entriesFor(entries: readonly MailcapEntry[], type: string): readonly MailcapEntry[] {
  const wanted = type.toLowerCase();
  // A type that could be something else to a shell is looked up nowhere.
  if (!HARMLESS.test(wanted.replace('/', ''))) return [];
  return entries.filter(
    entry =>
      (entry.type === wanted || entry.type === `${wanted.split('/')[0]}/*` || entry.type === '*/*') &&
      entry.copiousoutput &&
      !entry.needsterminal &&
      // These are about the parts of a multipart.
      !/%[nF]/.test(`${entry.command}${entry.test ?? ''}`),
  );
}

const HARMLESS = /^[A-Za-z0-9._+-]+$/;

/** What of a stranger's text may stand in a command: the rest becomes `_`, and so does a hyphen that would start an option. */
export function harmless(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._+:@=-]/gu, '_').replace(/^-/, '_');
}

/** What a command is about. */
export interface ViewedPart {
  /** `image/png` */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A command line for a shell. */
export interface ShellCommand {
  readonly line: string;
  /** Whether the file is named in it; else it is to be given as standard input. */
  readonly namesFile: boolean;
}

/** Puts in what a command asks for. `file`: a path of ours, of harmless characters. */
export function shellCommand(command: string, { type, parameters }: ViewedPart, file: string): ShellCommand {
  let namesFile = false;
  const line = command.replaceAll(
    /\\(.)|%(?:\{([^}]*)\}|(.))/g,
    (written, escaped?: string, name?: string, one?: string) => {
      // RFC 1524 says that a backslash takes the meaning of a percent sign; to the shell it is left in any other place.
      if (escaped !== undefined) return escaped === '%' ? '%' : written;
      if (name !== undefined) return harmless(ownValue(parameters, name.toLowerCase()));
      if (one === 's') {
        namesFile = true;
        return file;
      }
      if (one === 't') return type.split('/').map(harmless).join('/');
      return one === '%' ? '%' : written;
    },
  );
  return { line, namesFile };
}

function ownValue(parameters: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(parameters, name) ? (parameters[name] ?? '') : '';
}

/** The name of the file: what the template has before and after ours, if that is harmless. */
export function fileName(template: string | null, name: string): string {
  const [, before = '', after = ''] = /^([\w.+-]*)%s([\w.+-]*)$/.exec(template ?? '') ?? [];
  return `${before.replace(/^[.-]+/, '')}${name}${after}`;
}
