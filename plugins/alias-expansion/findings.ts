/**
 * What is found in the tables by following every alias: names that are never looked up, targets in our own domains that nobody
 * has, loops and limits that only lists and several tables together make.
 *
 * Tables on other machines are not read: what they hold, mail finds out.
 */
import {
  type Examination,
  FileTable,
  type FileTableServices,
  formatMailbox,
  type Mailbox,
  type PluginFinding,
  TableUnavailable,
} from '../../core/index.ts';
import { type Address, type Alias, formatKey, formatStep, type Target } from './alias.ts';
import { expandAlias } from './expansion.ts';
import { InTurns } from './in-turns.ts';
import type { LookUp } from './look-up.ts';
import { addressRules, type Named, namedIn, sourceOf } from './named-tables.ts';
import type { Options } from './options.ts';
import { ofOurs, type Permission } from './permission.ts';
import { Places } from './places.ts';
import { readTargets } from './target.ts';
import type { ExpansionRules } from './walk.ts';
import { Misread } from './words.ts';

/** What the search needs. */
export interface FindingWorld extends Examination {
  readonly options: Options;
  readonly permission: Permission;
  readonly services: FileTableServices;
  readonly rules: (lookUp: LookUp) => ExpansionRules;
  readonly lookUp: LookUp;
}

/** An alias of a table that can be read as a whole, and the option that names the table. */
interface Written {
  readonly alias: Alias;
  readonly path: PluginFinding['path'];
  readonly places: Places | null;
}

const PAGE = 'docs/plugins/alias-expansion.md#what-check-finds';
/** More are counted and not shown. */
const MOST_FINDINGS = 100;

export async function findingsIn(world: FindingWorld): Promise<readonly PluginFinding[]> {
  const written = await readAll(world);
  const search = new Search(world);
  search.neverLookedUp(written);
  const turns = new InTurns();
  for (const one of written) {
    if (turns.isOver()) await turns.next();
    if (world.signal.aborted) break;
    await search.follow(one);
  }
  return search.findings();
}

async function readAll({ options, permission, services }: FindingWorld): Promise<readonly Written[]> {
  const written: Written[] = [];
  for (const named of namedIn(options)) written.push(...(await aliasesIn(named, { options, permission, services })));
  return written;
}

async function aliasesIn(
  named: Named,
  { options, permission, services }: Pick<FindingWorld, 'options' | 'permission' | 'services'>,
): Promise<readonly Written[]> {
  const { path } = named;
  if (named.kind === 'aliases') {
    const files = new FileTable(sourceOf(named.files, addressRules(options), permission), services);
    await files.load();
    const places = new Places(named.files, services.files);
    await places.read();
    return (await files.current()).aliases.map(alias => ({ alias, path, places }));
  }
  const { source } = named.setting;
  if (source.kind !== 'map') return [];
  const objects = ofOurs(permission);
  return Object.entries(source.options).flatMap(([name, values]) => {
    const alias = aliasOf(
      name,
      values.flatMap(value => readTargets(value, 0, objects)),
    );
    return alias === null ? [] : [{ alias, path: [...path, 'map', name], places: null }];
  });
}

function aliasOf(name: string, targets: readonly Target[]): Alias | null {
  const at = name.lastIndexOf('@');
  const [localPart, domain] = [name.slice(0, Math.max(at, 0)).toLowerCase(), name.slice(at + 1).toLowerCase()];
  if (at === -1) return { key: { kind: 'name', localPart: name.toLowerCase() }, targets, at: 'map' };
  const key = at === 0 ? ({ kind: 'catch-all', domain } as const) : ({ kind: 'mailbox', localPart, domain } as const);
  return { key, targets, at: 'map' };
}

class Search {
  readonly #world: FindingWorld;
  readonly #found: PluginFinding[] = [];
  #more = 0;
  /** What is said of an address, by the address. */
  readonly #known = new Map<string, string | null>();

  constructor(world: FindingWorld) {
    this.#world = world;
  }

  findings(): readonly PluginFinding[] {
    const { signal, options } = this.#world;
    const path = namedIn(options)[0]?.path ?? [];
    const rest: PluginFinding[] = [];
    if (this.#more > 0)
      rest.push({ path, page: PAGE, message: `and ${this.#more} more of the kind, which are not shown` });
    if (signal.aborted)
      rest.push({
        path,
        page: PAGE,
        message: 'there was no time to look at all aliases: what is said of them is not all',
      });
    return [...this.#found, ...rest];
  }

  /** An alias whose name stands in a table above, or in every domain with that domain. */
  neverLookedUp(written: readonly Written[]): void {
    const first = new Map<string, Alias>();
    for (const { alias } of written) {
      const name = formatKey(alias.key);
      if (!first.has(name)) first.set(name, alias);
    }
    for (const one of written) {
      const above = first.get(formatKey(one.alias.key));
      const instead = above === one.alias ? this.#inEveryDomain(one.alias, first) : above;
      if (instead !== undefined && instead !== one.alias) {
        this.#add(
          one,
          null,
          `${formatKey(one.alias.key)} is never looked up here: ${formatStep(instead)} goes before it`,
        );
      }
    }
  }

  #inEveryDomain({ key }: Alias, first: ReadonlyMap<string, Alias>): Alias | undefined {
    const { domains } = this.#world.options;
    if (key.kind !== 'name' || domains.length === 0) return undefined;
    const others = domains.map(domain => first.get(formatKey({ kind: 'mailbox', localPart: key.localPart, domain })));
    return others.every(one => one !== undefined) ? others[0] : undefined;
  }

  async follow(one: Written): Promise<void> {
    const { alias } = one;
    const domains = alias.key.kind === 'name' ? this.#world.options.domains : [alias.key.domain];
    for (const domain of domains) {
      for (const [index, target] of alias.targets.entries()) await this.#target(one, { target, index, domain });
      await this.#expansion(one, domain);
    }
  }

  /** Whether a target in one of our domains is somebody. */
  async #target(
    one: Written,
    at: { readonly target: Target; readonly index: number; readonly domain: string },
  ): Promise<void> {
    const { target, index, domain } = at;
    if (target.kind === 'include') return this.#members(one, target.path, domain);
    if (target.kind !== 'address' && target.kind !== 'mailbox') return;
    const message = await this.#missing(mailboxOf(target.address, domain), target.kind);
    if (message !== null) this.#add(one, index, message);
  }

  async #members(one: Written, path: string, domain: string): Promise<void> {
    const members = await this.#world.rules(this.#world.lookUp).members(path);
    for (const { target, at } of members) {
      const message = await this.#missing(mailboxOf(target.address, domain), target.kind);
      const place = message === null ? null : (one.places?.ofMember(at, path) ?? null);
      if (message !== null) this.#push({ path: one.path, page: PAGE, message, ...(place === null ? {} : { place }) });
    }
  }

  /** `null`: it is somebody, or nobody can say. */
  async #missing(mailbox: Mailbox, kind: 'address' | 'mailbox'): Promise<string | null> {
    const name = formatMailbox(mailbox);
    const key = `${kind} ${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const world = this.#world;
    const isAlias = kind === 'address' && (await whatIs(() => world.lookUp.find(mailbox, world))) !== null;
    const heard = isAlias ? 'taken' : await world.ask(mailbox);
    const message =
      heard === 'refused' ? `${name} is nobody: there is no such alias, and the gateway refuses the mailbox` : null;
    this.#known.set(key, message);
    return message;
  }

  async #expansion(one: Written, domain: string): Promise<void> {
    const { key } = one.alias;
    const { rules, lookUp } = this.#world;
    const recipient = { localPart: key.kind === 'catch-all' ? 'someone' : key.localPart, domain };
    const found = await whatIs(async () => expandAlias(rules(lookUp), recipient, this.#world));
    if (found === 'unknown' || found === null) return;
    // Whoever refuses it has not heard of the alias, so this plugin stands below.
    if (found.kind === 'recipients' && (await this.#world.ask(recipient)) === 'refused') {
      this.#add(
        one,
        null,
        `${formatMailbox(recipient)} is refused before anybody looks for its alias: move this plugin above the one that refuses it`,
      );
    }
    if (found.kind === 'loop')
      this.#add(one, null, `${formatMailbox(recipient)} leads to itself, so its mail is never taken: ${found.via}`);
    if (found.kind === 'too-deep')
      this.#add(
        one,
        null,
        `${formatMailbox(recipient)} leads deeper than ${rules(lookUp).depth} aliases, so its mail is never taken: raise "depth"`,
      );
    if (found.kind === 'too-many')
      this.#add(
        one,
        null,
        `${formatMailbox(recipient)} leads to more than ${rules(lookUp).limit} recipients, so its mail is never taken: raise "limit"`,
      );
  }

  /** `target`: which of its targets is meant; `null`: the alias itself. */
  #add({ alias, path, places }: Written, target: number | null, message: string): void {
    const place = this.#found.length < MOST_FINDINGS ? (places?.of(alias, target) ?? null) : null;
    this.#push({ path, page: PAGE, message, ...(place === null ? {} : { place }) });
  }

  #push(finding: PluginFinding): void {
    if (this.#found.length < MOST_FINDINGS) this.#found.push(finding);
    else this.#more += 1;
  }
}

function mailboxOf({ localPart, domain }: Address, home: string): Mailbox {
  return { localPart, domain: domain ?? home };
}

/** `unknown`: the tables cannot say, for now or at all. */
async function whatIs<T>(ask: () => T): Promise<Awaited<T> | 'unknown'> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TableUnavailable || error instanceof Misread) return 'unknown';
    throw error;
  }
}
