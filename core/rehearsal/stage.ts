/** A stage: a compiled configuration on which messages are rehearsed, one or many, also at the same time. */
import type { CompiledConfiguration } from '../compile.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Resolver } from '../plugin/dns.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import type { Incoming } from './incoming.ts';
import type { Rehearsal } from './rehearsal.ts';

/** What a stage is set up with. */
export interface StageOptions {
  /** The configuration file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Plugins of the program that embeds the gateway. */
  readonly plugins?: readonly Plugin[];
  /** `nothing`: differences between contents are left empty, for those who rehearse many and look at few. */
  readonly compare?: 'contents' | 'nothing';
  /** In place of DNS. */
  readonly resolver?: Resolver;
  /** `live`: what plugins fetch over HTTPS (policies, keys) is fetched. Otherwise nobody is asked. */
  readonly web?: 'live' | 'offline';
  /** In place of the machine's: for two rehearsals that are to be alike. */
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Stage {
  readonly configuration: Configuration;
  /** Complaints that do not keep a gateway from starting. */
  readonly warnings: CompiledConfiguration['warnings'];
  /** Plugins that could not start here, where nothing can be acted on, and why. They are asked all the same. */
  readonly unready: readonly { readonly plugin: string; readonly cause: string }[];
  /** Rehearses one message. Several at the same time do not see what the others would have written. */
  rehearse(incoming: Incoming): Promise<Rehearsal>;
  close(): Promise<void>;
}
