/** The plugins of one configuration from their start to their end: begun in the order of the list, closed in reverse. */

import type { CompiledConfiguration } from '../compile.ts';
import { positionAt } from '../config/place.ts';
import { MailframeError } from '../mail/error.ts';
import { describeError, describeWithOrigin } from '../mail/failure.ts';
import type { MountedPlugin } from '../mounted-plugin.ts';
import type { Clock, Log } from '../plugin/ports.ts';

/** How long a plugin may take to close, in milliseconds. */
export const CLOSE_DEADLINE = 10_000;

export class PluginLives {
  readonly #compiled: CompiledConfiguration;
  readonly #ports: { readonly clock: Clock; readonly log: Log };
  /** Those that have started. */
  readonly #alive: MountedPlugin[] = [];
  #over = false;

  constructor(compiled: CompiledConfiguration, ports: { readonly clock: Clock; readonly log: Log }) {
    this.#compiled = compiled;
    this.#ports = ports;
  }

  /**
   * @throws MailframeError `MF_PLUGIN_START` for the first that cannot. Those before it are to be closed.
   * @throws Error where they were closed meanwhile: the one that was starting then is closed too, and no other starts.
   */
  async start(): Promise<void> {
    for (const one of this.#compiled.mounted) {
      await this.#startOne(one);
      this.#alive.push(one);
      if (!this.#over) continue;
      await this.close();
      throw new Error(`it was told to end before it had started: the plugin ${one.id} took too long`);
    }
  }

  async #startOne(one: MountedPlugin): Promise<void> {
    try {
      await one.instance.start?.();
    } catch (error) {
      const why = describeWithOrigin(error, one.originOf);
      throw new MailframeError('MF_PLUGIN_START', `the plugin ${one.id} cannot start: ${why}`, {
        cause: error,
        position: positionAt(this.#compiled.document.place, [...one.entry.path, 'use'], 'value'),
      });
    }
  }

  /** A plugin that hangs or throws at its end keeps nobody else from ending. */
  async close(): Promise<void> {
    this.#over = true;
    const { clock, log } = this.#ports;
    for (const { id, instance, originOf } of this.#alive.splice(0).reverse()) {
      const timer = new AbortController();
      const late = clock.sleep(CLOSE_DEADLINE, timer.signal).then(
        () => Promise.reject(new Error(`not closed within ${CLOSE_DEADLINE} ms`)),
        () => undefined,
      );
      try {
        await Promise.race([Promise.resolve(instance.close?.()), late]);
      } catch (error) {
        log.error('failed', { plugin: id, closing: describeError(error), at: originOf(error).at });
      } finally {
        timer.abort();
      }
    }
  }
}
