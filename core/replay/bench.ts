/** Both configurations side by side, on which messages are replayed one by one: same time, same chance, same DNS. */
import type { Arrival, ArrivalFacts } from '../corpus/arrival.ts';
import { readSample } from '../corpus/read-sample.ts';
import type { Sample } from '../corpus/sample.ts';
import { SidecarError } from '../corpus/sidecar.ts';
import { contentOf } from '../mail/content.ts';
import { describeError } from '../mail/failure.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { Clock, Resolver } from '../plugin/ports.ts';
import type { Incoming } from '../rehearsal/incoming.ts';
import { openStage } from '../rehearsal/open-stage.ts';
import type { Rehearsal } from '../rehearsal/rehearsal.ts';
import type { Stage } from '../rehearsal/stage.ts';
import { differencesOf } from './difference.ts';
import { envelopeAlone, standIn } from './envelope-alone.ts';
import type { ReplayedOutcome } from './outcome.ts';
import { pastOutcome } from './past-outcome.ts';
import type { Replayed, Result, Unready } from './protocol.ts';
import { rehearsedOutcome } from './rehearsed-outcome.ts';
import { SameChance } from './same-chance.ts';
import { standingsOf } from './standing.ts';

export interface BenchParts {
  readonly configuration: string;
  readonly against: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly given: ArrivalFacts;
  readonly clock: Clock;
  readonly resolver: Resolver;
  /**
   * `one by one`: plugins that remember see messages in one order on both sides. `many`: they do not, and none waits for the DNS
   * of another.
   */
  readonly atATime: 'one by one' | 'many';
  /** Plugins of the program that embeds this. */
  readonly plugins?: readonly Plugin[];
}

/** A client of which nobody knows anything is a stranger: from the block for documentation, which nobody trusts by accident. */
const STRANGER = '192.0.2.1';

export class Bench {
  readonly unready: readonly Unready[];
  readonly #new: Stage;
  readonly #old: Stage | null;
  readonly #chance: SameChance;
  readonly #parts: BenchParts;
  #before: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: BenchParts,
    stages: { readonly now: Stage; readonly old: Stage | null },
    chance: SameChance,
  ) {
    this.#parts = parts;
    this.#new = stages.now;
    this.#old = stages.old;
    this.#chance = chance;
    this.unready = [
      ...stages.now.unready.map(one => ({ side: 'new' as const, ...one })),
      ...(stages.old?.unready ?? []).map(one => ({ side: 'old' as const, ...one })),
    ];
  }

  /** @throws MailframeError with every complaint about a configuration */
  static async open(parts: BenchParts): Promise<Bench> {
    const { env, clock, resolver, plugins = [] } = parts;
    const chance = new SameChance();
    const setUp = { env, clock, resolver, plugins, random: chance, compare: 'nothing' } as const;
    const now = await openStage({ ...setUp, file: parts.configuration });
    const old = parts.against === null ? null : await openStage({ ...setUp, file: parts.against });
    return new Bench(parts, { now, old }, chance);
  }

  /** Never rejects: what goes wrong is told of the message. */
  replay(sample: Sample): Promise<Result> {
    if (this.#parts.atATime === 'many') return this.#replay(sample);
    const result = this.#before.then(() => this.#replay(sample));
    this.#before = result;
    return result;
  }

  async #replay(sample: Sample): Promise<Result> {
    try {
      const hostnames = [this.#new, this.#old].flatMap(stage => stage?.configuration.hostname.toLowerCase() ?? []);
      const arrival = await readSample(sample, { given: this.#parts.given, hostnames });
      if (arrival.to.length === 0) return { kind: 'addressless' };
      return await this.#compared(sample, arrival);
    } catch (error) {
      return { kind: 'fault', cause: error instanceof SidecarError ? error.message : describeError(error) };
    }
  }

  async close(): Promise<void> {
    await this.#new.close();
    await this.#old?.close();
  }

  async #compared({ name, from }: Sample, arrival: Arrival): Promise<Replayed> {
    const now = await this.#outcome(this.#new, name, arrival);
    const old = this.#old === null ? null : await this.#outcome(this.#old, name, arrival);
    const before = old ?? (from.kind === 'taken' ? pastOutcome(from, arrival.to) : null);
    return {
      kind: 'replayed',
      source: arrival.source,
      kept: arrival.content === null ? 'envelope' : 'all',
      verdict: now.verdict,
      before: before?.verdict ?? null,
      standings: standingsOf(now),
      differences: before === null ? [] : differencesOf(before, now),
    };
  }

  async #outcome(stage: Stage, name: string, arrival: Arrival): Promise<ReplayedOutcome> {
    const incoming = this.#incoming(stage, name, arrival);
    const rehearsal = await this.#chance.during(name, () => stage.rehearse(incoming));
    const outcome = await rehearsedOutcome(rehearsal, stage.configuration.directory);
    return arrival.content === null ? envelopeAlone(outcome, refusedByContent(rehearsal)) : outcome;
  }

  #incoming({ configuration }: Stage, name: string, arrival: Arrival): Incoming {
    const { from = '', to, ip = STRANGER, helo = literalOf(ip), auth = null, listener = null, tls } = arrival;
    const content = arrival.content ?? standIn(arrival, name, this.#parts.clock.now());
    const isKnown = configuration.listeners.some(({ id }) => id === listener);
    return {
      // Where a mail is from the queue, its listener may be gone: then it comes to the first one, as others do.
      listener: arrival.source === 'taken' && !isKnown ? null : listener,
      address: ip,
      greeting: helo,
      tls: tls === undefined ? 'as needed' : tls ? 'on' : 'off',
      certificate: null,
      user: auth,
      from,
      to,
      content: contentOf(content),
    };
  }
}

/** What a client calls itself that has no name (RFC 5321 section 4.1.3). */
function literalOf(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}

/** Recipients that the client was told no of when the content had come. */
function refusedByContent({ exchanges, recipients }: Rehearsal): ReadonlySet<string> {
  const replies = new Set(
    exchanges.flatMap(({ stage, replies }) => (stage === 'content' ? replies.map(({ text }) => text) : [])),
  );
  return new Set(
    recipients.filter(({ reply }) => reply.code >= 400 && replies.has(reply.text)).map(({ address }) => address),
  );
}
