/** Errors that come out of no call, in the process of a gateway: logged, and outlived where that is sound. */
import type { Engine } from '../engine.ts';
import type { Astray } from '../stray-error.ts';

/** How long the end in good order may take, in milliseconds: running transactions have half a minute. */
const PATIENCE = 60_000;

const HINTS: Readonly<Record<Astray, string>> = {
  exception: 'catch it where it is thrown: no call of the plugin waits for this code',
  rejection: 'await the promise, or catch what it rejects with',
};

/** Watches the process from now on. `end` closes the gateway in good order. */
export function watchStrayErrors(engine: Engine, end: () => void): void {
  let ending = false;
  const judge = (error: unknown, astray: Astray): void => {
    const { verdict, ...told } = engine.judgeStray(error, astray);
    const fields = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
    if (verdict === 'go on') {
      engine.log.error('failed', { outside: 'any call', ...fields, hint: HINTS[astray] });
      return;
    }
    // Where the log itself is what fails, each word about it would be the next failure.
    if (ending) return;
    ending = true;
    engine.log.error('failed', {
      outside: 'any call',
      ...fields,
      hint: 'the gateway ends, for it was cut off in its work',
    });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), PATIENCE).unref();
    end();
  };
  process.on('uncaughtException', error => judge(error, 'exception'));
  process.on('unhandledRejection', reason => judge(reason, 'rejection'));
}
