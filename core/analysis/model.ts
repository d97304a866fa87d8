/**
 * A mail for which each of many simple conditions comes out as wanted.
 *
 * Guarantee: where none is found, there is none. Session, sender, recipient, header fields, size and facts say nothing of each
 * other, so each is looked for alone, among values that stand for all that conditions can tell apart. Only a session depends
 * on its listener, and mail of the gateway itself on its sender.
 */
import type { View } from '../chain/condition.ts';
import { directRecipient } from '../mail/envelope.ts';
import type { Facts, FactValue } from '../mail/facts.ts';
import { addressClasses, mentionedBy, mentionedInMap } from './address-classes.ts';
import { clientClasses } from './client-classes.ts';
import { ANYTHING, type FactRange, factClasses } from './fact-values.ts';
import { comesOut, type Literal } from './formula.ts';
import { headerValues } from './header-values.ts';
import { type SessionKind, sessionOf } from './session-kinds.ts';

/** What mails there can be. */
export interface Setting {
  readonly sessions: readonly SessionKind[];
  readonly facts: ReadonlyMap<string, FactRange>;
}

type Known = Required<Pick<View, 'reversePath' | 'recipient' | 'size' | 'header' | 'facts' | 'session'>>;
/** All that is known of a mail when it is routed. */
export type World = { readonly [K in keyof Known]: Exclude<Known[K], undefined> };

const NOBODY = sessionOf({ listener: '', protocol: 'smtp' }, { client: '0.0.0.0', tls: false, authenticated: false });
const BARE: View = { session: NOBODY, facts: {} };

/** The mail, or `null`. */
export function modelOf(literals: readonly Literal[], { sessions, facts: ranges }: Setting): World | null {
  const about = (...kinds: readonly Literal['test']['kind'][]) =>
    literals.filter(({ test }) => kinds.includes(test.kind));
  const recipient = recipientFor(addressLiterals(literals, 'recipient'));
  const size = sizeFor(about('size'));
  const header = headerFor(about('header'));
  const facts = factsFor(about('fact'), ranges);
  if (recipient === null || size === null || header === null || facts === null) return null;
  const who = senderAndSession(
    addressLiterals(literals, 'sender'),
    about('listener', 'client', 'tls', 'authenticated'),
    sessions,
  );
  return who === null ? null : { ...who, recipient, size, header, facts };
}

function addressLiterals(literals: readonly Literal[], of: 'sender' | 'recipient'): readonly Literal[] {
  return literals.filter(({ test }) => test.kind === of || (test.kind === 'map' && test.map.by === of));
}

function mentionedIn({ test }: Literal) {
  if (test.kind === 'map') return [mentionedInMap(test.map)];
  return test.kind === 'sender' || test.kind === 'recipient' ? [mentionedBy(test.patterns)] : [];
}

/** The address classes, narrowed to those of the pattern that must match and matches least. */
function addressesFor(literals: readonly Literal[]) {
  const must = literals.filter(({ wanted }) => wanted === 'yes' || wanted === 'not no').flatMap(mentionedIn);
  const [within = null] = must.filter(({ any }) => !any).sort((one, other) => extent(one) - extent(other));
  return addressClasses(literals.flatMap(mentionedIn), within);
}

function extent({ domains, above, mailboxes }: ReturnType<typeof mentionedBy>): number {
  return domains.size + above.size * 10 + mailboxes.size;
}

function recipientFor(literals: readonly Literal[]) {
  for (const path of addressesFor(literals)) {
    if (path === null) continue;
    const recipient = directRecipient(path);
    if (literals.every(one => comesOut(one, { ...BARE, recipient }))) return recipient;
  }
  return null;
}

function senderAndSession(
  ofSender: readonly Literal[],
  ofSession: readonly Literal[],
  sessions: readonly SessionKind[],
): Pick<World, 'reversePath' | 'session'> | null {
  const isAllowed = (reversePath: World['reversePath']) =>
    ofSender.every(one => comesOut(one, { ...BARE, reversePath }));
  let anybody: World['reversePath'] | undefined;
  for (const reversePath of addressesFor(ofSender)) {
    if (!isAllowed(reversePath)) continue;
    anybody = reversePath;
    break;
  }
  for (const kind of sessions) {
    const reversePath = kind.sender === 'any' ? anybody : isAllowed(null) ? null : undefined;
    const session = reversePath === undefined ? null : sessionFor(ofSession, kind);
    if (reversePath !== undefined && session !== null) return { reversePath, session };
  }
  return null;
}

function sessionFor(literals: readonly Literal[], kind: SessionKind) {
  const ranges = literals.flatMap(({ test }) => (test.kind === 'client' ? test.ranges : []));
  const clients = kind.sender === 'null' ? kind.clients : clientClasses(ranges, kind.clients);
  for (const client of clients) {
    for (const tls of kind.tls) {
      for (const authenticated of kind.authenticated) {
        const session = sessionOf(kind, { client, tls, authenticated });
        if (literals.every(one => comesOut(one, { ...BARE, session }))) return session;
      }
    }
  }
  return null;
}

/** Of a mail that is nothing special, in octets. */
const USUAL_SIZE = 4096;

function sizeFor(literals: readonly Literal[]): number | null {
  const edges = literals.flatMap(({ test }) => (test.kind === 'size' ? [test.atLeast, test.atMost + 1] : []));
  const sizes = [USUAL_SIZE, ...edges, 0].filter(size => size >= 0 && size <= Number.MAX_SAFE_INTEGER);
  return sizes.find(size => literals.every(one => comesOut(one, { ...BARE, size }))) ?? null;
}

function headerFor(literals: readonly Literal[]): World['header'] | null {
  const fields = new Map<string, Parameters<typeof headerValues>[0][number][]>();
  for (const { test, wanted } of literals) {
    if (test.kind !== 'header') continue;
    const name = test.field.toLowerCase();
    const question = {
      patterns: test.patterns,
      wanted: wanted === 'yes' || wanted === 'not no' ? 'some' : 'none',
    } as const;
    fields.set(name, [...(fields.get(name) ?? []), question]);
  }
  const values = new Map<string, readonly string[]>();
  for (const [name, questions] of fields) {
    const found = headerValues(questions);
    if (found === null) return null;
    values.set(name, found);
  }
  return field => values.get(field) ?? [];
}

function factsFor(literals: readonly Literal[], ranges: Setting['facts']): Facts | null {
  const named = new Map<string, Literal[]>();
  for (const literal of literals) {
    const { test } = literal;
    if (test.kind === 'fact') named.set(test.name, [...(named.get(test.name) ?? []), literal]);
  }
  const facts: Record<string, FactValue> = {};
  for (const [name, asked] of named) {
    const values = asked.map(({ test, wanted }) => ({
      values: test.kind === 'fact' ? test.values : [],
      no: wanted === 'no' || wanted === 'not yes',
    }));
    const classes = factClasses(values, ranges.get(name) ?? ANYTHING);
    const says = (value: FactValue | undefined) => ({ ...BARE, facts: value === undefined ? {} : { [name]: value } });
    const index = classes.findIndex(value => asked.every(one => comesOut(one, says(value))));
    if (index === -1) return null;
    const value = classes[index];
    if (value !== undefined) facts[name] = value;
  }
  return facts;
}
