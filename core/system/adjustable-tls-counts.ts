/** Counts for TLS reports whose place may change while they are counted, or which are counted no more. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import type { TlsReports, TlsSession } from '../plugin/tls-reports.ts';
import { TlsCounts, type TlsCountsSettings } from './tls-counts.ts';

export class AdjustableTlsCounts implements TlsReports {
  readonly #ports: { readonly files: Files; readonly clock: Clock; readonly log: Log };
  #settings: TlsCountsSettings | 'off';
  #counts: TlsCounts | null;
  /** Those that write down what they have counted until now. */
  #leaving: Promise<unknown> = Promise.resolve();

  constructor(
    settings: TlsCountsSettings | 'off',
    ports: { readonly files: Files; readonly clock: Clock; readonly log: Log },
  ) {
    this.#settings = settings;
    this.#ports = ports;
    this.#counts = settings === 'off' ? null : new TlsCounts(settings, ports);
  }

  count(session: TlsSession): void {
    this.#counts?.count(session);
  }

  /** What was counted by now is written to where it was to go. */
  adjust(settings: TlsCountsSettings | 'off'): void {
    if (isDeepStrictEqual(settings, this.#settings)) return;
    this.#settings = settings;
    // Two in one folder would overwrite each other's day: the next one reads it some seconds later.
    const before = this.#counts?.close();
    this.#leaving = Promise.all([this.#leaving, before]);
    this.#counts = settings === 'off' ? null : new TlsCounts(settings, this.#ports);
  }

  async close(): Promise<void> {
    await Promise.all([this.#leaving, this.#counts?.close()]);
  }
}
