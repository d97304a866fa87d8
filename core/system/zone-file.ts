/**
 * Zones out of text: master files as RFC 1035 section 5.1 and RFC 2308 section 4 have them, and two lines of our own for
 * what no master file can say.
 *
 *     $DNSSEC secure                           ; of what follows: secure, insecure, unknown
 *     $FAULT timeout slow.example.test. [MX]   ; servfail, timeout, bogus, nxdomain; of one type, or of the whole name
 *
 * Records of types that nobody here asks for only make their name exist. A name without a final dot needs `$ORIGIN`: to
 * forget the dot is the usual mistake, and is told.
 */
import { MailframeError } from '../mail/error.ts';
import type { Dnssec, DnsType } from '../plugin/dns.ts';
import { entriesOf, type ZoneComplaint, type ZoneEntry, type ZoneWord } from './zone-entries.ts';
import { type RecordReader, recordReaders, UNREAD_TYPES } from './zone-records.ts';
import type { ZoneFault, ZoneRecords, Zones } from './zones.ts';

export type { ZoneComplaint } from './zone-entries.ts';

/** What a text says, and all that is wrong with it. */
export interface ReadZones {
  readonly zones: Zones;
  readonly complaints: readonly ZoneComplaint[];
}

const DNSSEC: readonly Dnssec[] = ['secure', 'insecure', 'unknown'];
const FAULTS = ['servfail', 'timeout', 'bogus', 'nxdomain'] as const;
const CLASSES = new Set(['IN', 'CH', 'HS', 'CS']);
/** BIND's way to write longer times: `1h30m`. */
const TTL = /^(?:\d+|(?:\d+[smhdw])+)$/i;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const MOST_SECONDS = 0x7f_ff_ff_ff;

/** Reads zones. Never throws. */
export function readZones(text: string): ReadZones {
  const reading = new Reading();
  for (const entry of entriesOf(text, complaint => reading.complaints.push(complaint))) reading.read(entry);
  return { zones: reading.zones(), complaints: reading.complaints.sort((a, b) => a.line - b.line) };
}

/**
 * Reads zones that must be right.
 * @param file what complaints call the text.
 * @throws MailframeError with every complaint, as `file:line:column: message`.
 */
export function zonesIn(text: string, file = 'zones'): Zones {
  const { zones, complaints } = readZones(text);
  const [first] = complaints;
  if (first === undefined) return zones;
  const words = complaints.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  throw new MailframeError('MF_ZONE_FILE', words.join('\n'), {
    position: { file, line: first.line, column: first.column },
  });
}

/** What is being collected about one name. */
interface Collected {
  records: Partial<Record<DnsType, unknown[] | ZoneFault>>;
  alias: string | null;
  dnssec: Dnssec;
  ttl: number | null;
  whole: ZoneFault | 'nxdomain' | null;
}

class Reading {
  readonly complaints: ZoneComplaint[] = [];
  readonly #names = new Map<string, Collected>();
  #origin: string | null = null;
  #owner: string | null = null;
  #ttl: number | null = null;
  #dnssec: Dnssec = 'insecure';

  zones(): Zones {
    return Object.fromEntries([...this.#names].map(([name, one]) => [name, one.whole ?? recordsOf(one)]));
  }

  read(entry: ZoneEntry): void {
    const [first, ...rest] = entry.words;
    if (first === undefined) return;
    if (!entry.continues && first.text.startsWith('$')) return this.#control(first, rest);
    const owner = entry.continues ? this.#owner : this.#name(first);
    if (!entry.continues) this.#owner = owner;
    if (owner !== null) this.#record(owner, entry.continues ? entry.words : rest, first);
    else if (entry.continues) this.#complain(first, 'it begins with a blank, and no name stands above it');
  }

  #complain({ line, column }: ZoneWord, message: string): void {
    this.complaints.push({ line, column, message });
  }

  #control(what: ZoneWord, [first, second, ...types]: readonly ZoneWord[]): void {
    const argument = first?.text ?? '';
    switch (what.text.toUpperCase()) {
      case '$ORIGIN':
        this.#origin = (first === undefined ? this.#complain(what, '$ORIGIN needs a name') : this.#name(first)) ?? null;
        return;
      case '$TTL':
        if (TTL.test(argument)) this.#ttl = millisecondsOf(argument);
        else this.#complain(first ?? what, '$TTL needs a time, such as 3600 or 1h');
        return;
      case '$DNSSEC': {
        const said = DNSSEC.find(one => one === argument.toLowerCase());
        if (said !== undefined) this.#dnssec = said;
        else this.#complain(first ?? what, `$DNSSEC is one of ${DNSSEC.join(', ')}`);
        return;
      }
      case '$FAULT':
        return this.#fault(first ?? what, second, types);
      case '$INCLUDE':
      case '$GENERATE':
        return this.#complain(what, `${what.text} is not followed here: write out what it stands for`);
      default:
        this.#complain(what, `${what.text} is unknown; known: $ORIGIN, $TTL, $DNSSEC, $FAULT`);
    }
  }

  #fault(kind: ZoneWord, owner: ZoneWord | undefined, types: readonly ZoneWord[]): void {
    const fault = FAULTS.find(one => one === kind.text.toLowerCase());
    if (fault === undefined) return this.#complain(kind, `$FAULT is one of ${FAULTS.join(', ')}, then a name`);
    const name = owner === undefined ? this.#complain(kind, '$FAULT needs a name') : this.#name(owner);
    if (name === null || name === undefined) return;
    const about = this.#about(name);
    if (types.length === 0) about.whole = fault;
    for (const word of types) {
      const type = word.text.toUpperCase();
      if (!isAsked(type)) this.#complain(word, `${word.text} is no type that anything here asks for`);
      else if (fault === 'nxdomain') this.#complain(word, 'nxdomain is about a whole name, not about one type');
      else about.records[type] = fault;
    }
  }

  #record(owner: string, words: readonly ZoneWord[], first: ZoneWord): void {
    let [at, ttl] = [0, this.#ttl];
    for (; at < 2; at += 1) {
      const text = words[at]?.text ?? '';
      if (TTL.test(text)) ttl = millisecondsOf(text);
      else if (!CLASSES.has(text.toUpperCase())) break;
      else if (text.toUpperCase() !== 'IN') return this.#complain(words[at] ?? first, 'only the class IN is read');
    }
    const word = words[at];
    if (word === undefined) return this.#complain(first, 'a type and its data are missing');
    const type = word.text.toUpperCase();
    const data = words.slice(at + 1);
    if (type === 'CNAME') return this.#alias(owner, word, data);
    if (!isAsked(type)) {
      if (UNREAD_TYPES.test(type)) this.#about(owner);
      else this.#complain(word, `${word.text} is no type of record`);
      return;
    }
    const read = recordReaders[type] as RecordReader<unknown>;
    const record = read(data, name => this.#name(name));
    if (typeof record === 'string') return this.#complain(data[0] ?? word, record);
    if (record !== null) this.#add(owner, type, { record: record.value, ttl, word });
  }

  #add(
    owner: string,
    type: DnsType,
    { record, ttl, word }: { readonly record: unknown; readonly ttl: number | null; readonly word: ZoneWord },
  ): void {
    const about = this.#about(owner);
    if (about.alias !== null) return this.#complain(word, `${owner} is an alias (CNAME) and can have no ${type}`);
    const known = about.records[type] ?? [];
    if (typeof known === 'string') return;
    if (!known.some(one => JSON.stringify(one) === JSON.stringify(record))) about.records[type] = [...known, record];
    lower(about, ttl);
  }

  #alias(owner: string, word: ZoneWord, [first, ...more]: readonly ZoneWord[]): void {
    if (first === undefined || more.length > 0) return this.#complain(first ?? word, 'CNAME needs one name');
    const target = this.#name(first);
    if (target === null) return;
    const about = this.#about(owner);
    const others = Object.values(about.records).some(one => typeof one !== 'string');
    if (about.alias !== null) return this.#complain(word, `${owner} has two CNAME records`);
    if (others) return this.#complain(word, `${owner} has other records and can be no alias (RFC 1034 section 3.6.2)`);
    about.alias = target;
    lower(about, this.#ttl);
  }

  /** What is known of a name; where it is new, the names above it exist from now on as well (RFC 8020). */
  #about(name: string): Collected {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const made: Collected = { records: {}, alias: null, dnssec: this.#dnssec, ttl: null, whole: null };
    this.#names.set(name, made);
    const dot = name.indexOf('.');
    if (dot >= 0) this.#about(name.slice(dot + 1));
    return made;
  }

  /** A name in full, in lower case, without the final dot. `null`: a complaint has been made. */
  #name(word: ZoneWord): string | null {
    const text = word.text.toLowerCase();
    if (text === '.') return '';
    if (text.endsWith('.')) return text.slice(0, -1);
    if (this.#origin === null) {
      const message = text === '@' ? 'there is no $ORIGIN that @ could stand for' : noDot(word.text);
      this.#complain(word, message);
      return null;
    }
    if (text === '@') return this.#origin;
    return this.#origin === '' ? text : `${text}.${this.#origin}`;
  }
}

function noDot(name: string): string {
  return `${name} has no final dot, and no $ORIGIN stands above it: write ${name}. for the name as it is`;
}

function isAsked(type: string): type is DnsType {
  return Object.hasOwn(recordReaders, type);
}

function lower(about: Collected, ttl: number | null): void {
  if (ttl !== null) about.ttl = Math.min(about.ttl ?? ttl, ttl);
}

function recordsOf({ records, alias, dnssec, ttl }: Collected): ZoneRecords {
  return {
    ...(records as ZoneRecords),
    ...(alias === null ? {} : { CNAME: alias }),
    ...(dnssec === 'insecure' ? {} : { dnssec }),
    ...(ttl === null ? {} : { ttl }),
  };
}

function millisecondsOf(text: string): number {
  const parts = [...text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  const seconds = parts.reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 1), 0);
  return seconds > MOST_SECONDS ? 0 : seconds * 1000;
}
