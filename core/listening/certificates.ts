/**
 * Looks after the certificates of all listeners: exchanges them when their files change, says so, and warns in time.
 *
 * Guarantee: nothing that is wrong with a file ends anything. The log names listener, file and cause, once for each
 * cause, and the certificates that were in use stay in use.
 */

import { describeError } from '../mail/failure.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { TlsOptions } from '../smtp/options.ts';
import type { ListenerCertificates, Renewal } from './listener-certificates.ts';

/** In milliseconds: how often the files are looked at. */
const EVERY = 60_000;
const DAY = 86_400_000;
/** In days: whoever renews by a program has had several attempts by then. */
const WARNED_BEFORE = 14;

/** A listener with certificates. */
export interface Guarded {
  readonly certificates: ListenerCertificates;
  /** Puts new ones to use. */
  readonly use: (tls: TlsOptions) => void;
}

export class Certificates {
  #all: readonly Guarded[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ended = new AbortController();
  /** One look at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  /** By listener: what is in the log already. */
  readonly #told = new Map<string, string>();
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(all: readonly Guarded[], { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#all = all;
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks at the files every minute until `stop`. */
  watch(): void {
    void this.#watch();
  }

  /** Looks after these from now on, and after no others. */
  guard(all: readonly Guarded[]): void {
    this.#all = all;
    this.#warnedAt = Number.NEGATIVE_INFINITY;
    if (!this.#ended.signal.aborted) this.#warn();
  }

  /** Nothing is exchanged from now on. A look that has begun is not waited for: disks may hang. */
  stop(): void {
    this.#ended.abort();
  }

  /** Reads all files again. Does not reject. */
  async renew(): Promise<readonly Renewal[]> {
    return this.#look('always');
  }

  async #watch(): Promise<void> {
    for (;;) {
      this.#warn();
      try {
        await this.#clock.sleep(EVERY, this.#ended.signal);
      } catch {
        return;
      }
      await this.#look('if-touched');
    }
  }

  #look(when: 'always' | 'if-touched'): Promise<readonly Renewal[]> {
    const looked = this.#turn.then(async () => {
      const renewals: Renewal[] = [];
      for (const { certificates, use } of this.#all) {
        if (this.#ended.signal.aborted) break;
        const renewal = await certificates.renew(when, use).catch((error: unknown) => kept(certificates.id, error));
        if (this.#ended.signal.aborted) break;
        this.#tell(renewal, when);
        renewals.push(renewal);
      }
      return renewals;
    });
    this.#turn = looked;
    return looked;
  }

  #tell(renewal: Renewal, when: 'always' | 'if-touched'): void {
    const { listener } = renewal;
    switch (renewal.kind) {
      case 'unchanged':
        if (when === 'always') this.#log.info('unchanged', { listener, files: 'certificates' });
        return;
      case 'renewed':
        this.#told.delete(listener);
        this.#log.info('renewed', { listener, certificates: renewal.certificates, until: renewal.until });
        for (const message of renewal.warnings) {
          this.#log.warn('warned', { listener, code: 'MF_LISTENER_CERTIFICATE', message });
        }
        return;
      case 'kept': {
        const causes = JSON.stringify(renewal.faults);
        if (when === 'if-touched' && this.#told.get(listener) === causes) return;
        this.#told.set(listener, causes);
        for (const { file, cause } of renewal.faults) {
          this.#log.error('failed', { listener, file, renewing: cause, hint: 'the old certificates stay in use' });
        }
      }
    }
  }

  /** Once a day, in the first minute of a gateway too. */
  #warn(): void {
    const at = this.#clock.monotonic();
    if (at - this.#warnedAt < DAY) return;
    this.#warnedAt = at;
    const now = this.#clock.now().getTime();
    for (const { certificates } of this.#all) {
      for (const { file, subject, until } of certificates.inUse) {
        const days = Math.floor((until.getTime() - now) / DAY);
        if (days >= WARNED_BEFORE) continue;
        const when = days < 0 ? 'expired' : days === 0 ? 'expires within a day' : `expires in ${days} days`;
        const message = `the certificate of ${subject} in ${file} ${when}: renew it`;
        this.#log.warn('warned', { listener: certificates.id, code: 'MF_LISTENER_CERTIFICATE', message, until });
      }
    }
  }
}

/** Where even looking failed. */
function kept(listener: string, error: unknown): Renewal {
  return { kind: 'kept', listener, faults: [{ file: null, cause: describeError(error) }] };
}
