/** A listener that dialogues are played against: what it commits, for whom, and what it must not leave behind. */
import { setImmediate as turn } from 'node:timers/promises';
import { contentOf } from '../../../../core/mail/content.ts';
import { Failure, STORAGE_FULL } from '../../../../core/mail/failure.ts';
import type { Session } from '../../../../core/mail/session.ts';
import type { NewMail } from '../../../../core/plugin/queue-store.ts';
import type { Spool } from '../../../../core/smtp/reception.ts';
import type { LogLine } from '../../../../core/testing/recording-log.ts';
import { link } from '../../chain/chain-of.ts';
import { gateway } from '../gateway.ts';
import { type Commit, commitOf } from './ledger.ts';
import type { Profile } from './profiles.ts';
import type { Rules } from './rules.ts';

/** When the listener is closed, in turns of the event loop. */
export interface Closing {
  readonly after: number;
  /** So many turns later what is left is cut off; `null`: never. */
  readonly cutsAfter: number | null;
}

export class Stage {
  readonly profile: Profile;
  /** In milliseconds of real time: for one dialogue, and for what is left at the end of all. */
  readonly patience: number;
  readonly #closing: Closing | null;
  readonly #clients = new Map<number, Commit[]>();
  /** From which port each session came: what XCLIENT says later does not count. */
  readonly #ports = new Map<string, number>();
  readonly #spools = new Set<Spool>();
  readonly #complaints: string[] = [];
  readonly #cutOff = new AbortController();
  #its: Awaited<ReturnType<typeof gateway>> | null = null;
  #commits = 0;
  #turns = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(profile: Profile, patience: number, closing: Closing | null) {
    this.profile = profile;
    this.patience = patience;
    this.#closing = closing;
  }

  /** Call it inside a test: the listener lives as long as that. */
  async open(): Promise<void> {
    const setting = this.profile.setting();
    this.#its = await gateway({
      ...setting,
      links: [link('register', { connect: ({ session }) => this.#register(session) }), ...(setting.links ?? [])],
      commit: mails => this.#commit(mails),
      spool: () => memorySpool(this.#spools, this.profile.disk),
    });
  }

  get port(): number {
    return this.#gateway.port;
  }

  /** A listener that closes may hang up at any time. */
  get rules(): Rules {
    const { rules } = this.profile;
    return this.#closing === null ? rules : { ...rules, moody: true, takesAnybody: false };
  }

  /** `closing`: takes no more clients. `cut`: may have ended the connection without a word. */
  get state(): 'open' | 'closing' | 'cut' {
    if (this.#cutOff.signal.aborted) return 'cut';
    return this.#state === 'open' ? 'open' : 'closing';
  }

  /** What is committed for a client, by its port. Has to be asked for before the client speaks. */
  follow(port: number): readonly Commit[] {
    const list: Commit[] = [];
    this.#clients.set(port, list);
    return list;
  }

  /** Lets time pass by small steps, so that hanging plugins meet their deadlines. */
  async runClockUntil(done: Promise<unknown>): Promise<void> {
    const state = { over: false };
    const stopped = done.finally(() => {
      state.over = true;
    });
    while (!state.over) await this.#passTime();
    await stopped;
  }

  /** Clients are gone: their sessions have to end, and a listener that is to close has to. */
  async end(): Promise<void> {
    const { pinned } = this.#gateway;
    const isLeft = () => pinned() > 0 || (this.#closing !== null && this.#state !== 'closed');
    for (const end = performance.now() + this.patience; isLeft() && performance.now() < end; ) await this.#passTime();
    if (pinned() > 0) this.#complaints.push(`${pinned()} sessions did not end with their clients`);
    else if (isLeft()) this.#complaints.push('the listener did not close');
    if (this.#spools.size > 0) this.#complaints.push(`${this.#spools.size} spools were left behind`);
  }

  /** What went wrong and belongs to no dialogue in particular. */
  complaints(): readonly string[] {
    const failed = this.#gateway.log.lines.filter(line => isOurFault(line, this.profile));
    return [...this.#complaints, ...failed.map(line => JSON.stringify(line))];
  }

  get #gateway() {
    if (this.#its === null) throw new Error('the stage is not open');
    return this.#its;
  }

  async #passTime(): Promise<void> {
    const { listener, clock } = this.#gateway;
    const at = this.#closing;
    this.#turns += 1;
    if (at !== null && this.#turns === at.after) {
      this.#state = 'closing';
      void listener.close(this.#cutOff.signal).then(() => {
        this.#state = 'closed';
      });
    }
    if (at !== null && at.cutsAfter !== null && this.#turns === at.after + at.cutsAfter) this.#cutOff.abort();
    await clock.advance(this.profile.pace);
  }

  #register({ id, client }: Session): undefined {
    if (!this.#ports.has(id)) this.#ports.set(id, client.port);
  }

  async #commit(mails: readonly NewMail[]): Promise<void> {
    this.#commits += 1;
    if (this.profile.disk === 'moody') await mood(this.#commits);
    const client = this.#clients.get(this.#ports.get(mails[0]?.mail.session.id ?? '') ?? 0);
    if (client === undefined) this.#complaints.push('committed for nobody');
    client?.push(await commitOf(mails));
  }
}

/** A failure that no plugin of the fuzzer and no disk of its was asked for. */
function isOurFault({ level, event, fields }: LogLine, { disk }: Profile): boolean {
  if (level !== 'error' && event !== 'failed') return false;
  if (disk === 'moody' && (fields.committing !== undefined || fields.receiving !== undefined)) return false;
  return (
    fields.plugin === undefined || !/the (?:word|content) said so|no answer within|nonsense/.test(String(fields.cause))
  );
}

/** A disk that is slow, full, or both. */
async function mood(commits: number): Promise<void> {
  if (commits % 2 === 0) await turn();
  if (commits % 3 === 0) throw new Failure(STORAGE_FULL, 'ENOSPC');
  if (commits % 7 === 0) throw new Error('the disk is gone');
}

function memorySpool(open: Set<Spool>, disk: Profile['disk']): Spool {
  const pieces: Buffer[] = [];
  const spool: Spool = {
    async write(...more) {
      await turn();
      const octets = Buffer.concat(more);
      if (disk === 'moody' && octets.length % 5 === 0) throw new Failure(STORAGE_FULL, 'ENOSPC');
      pieces.push(octets);
    },
    finish: () => Promise.resolve(contentOf(Buffer.concat(pieces))),
    abandon() {
      open.delete(spool);
      return Promise.resolve();
    },
  };
  open.add(spool);
  return spool;
}
