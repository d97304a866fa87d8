/** One configuration at work: what was compiled, its plugins, and the generation that sessions hold on to. */
import { createChain } from '../chain/create-chain.ts';
import type { CompiledConfiguration } from '../compile.ts';
import { type Clock, type Log, RANDOM } from '../plugin/ports.ts';
import type { ShadowBook } from '../shadow/shadow-book.ts';
import { shadowedIn } from '../shadowed.ts';
import { Generation } from './generation.ts';
import { PluginLives } from './plugin-lives.ts';

export interface Live {
  /** Counts from 1, the configuration that the gateway was started with. */
  readonly number: number;
  /** Since when it is there. */
  readonly since: Date;
  readonly compiled: CompiledConfiguration;
  readonly generation: Generation;
  readonly lives: PluginLives;
  /** Its plugins in shadow mode are those that are counted from now on. */
  readonly countShadows: () => void;
}

export interface LiveParts {
  readonly number: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly shadows: ShadowBook;
}

/** Nothing acts before `lives.start`. What was started by then is closed by the generation. */
export function liveFrom(compiled: CompiledConfiguration, { number, clock, log, shadows }: LiveParts): Live {
  const { mounted, routes, scope } = compiled;
  const counted = shadows.open(shadowedIn(compiled));
  const chain = createChain({ links: mounted, routes, clock, random: scope.get(RANDOM), shadow: counted.watch });
  const lives = new PluginLives(compiled, { clock, log });
  const close = async () => {
    await lives.close();
    chain.close();
  };
  return {
    number,
    since: clock.now(),
    compiled,
    generation: new Generation({ chain, close }),
    lives,
    countShadows: () => counted.use(),
  };
}
