/**
 * Makes `mailframe` and `mailframe/testing` mean this running copy, wherever a plugin's file lies.
 *
 * Without it a file beside a configuration could not import `mailframe` at all unless it was installed there, and a
 * plugin's package with a copy of its own would meet classes and tokens that are not ours.
 */
import { registerHooks } from 'node:module';

const HERE = import.meta.url;
/** `.ts` where the sources run as they are, `.js` in the built package. */
const EXTENSION = HERE.slice(HERE.lastIndexOf('.'));

const DOORS: ReadonlyMap<string, string> = new Map([
  ['mailframe', new URL(`../index${EXTENSION}`, HERE).href],
  ['mailframe/testing', new URL(`../testing${EXTENSION}`, HERE).href],
]);

let open = false;

/** From now on every module of this process gets this copy. Calling it again changes nothing. */
export function openFrontDoor(): void {
  if (open) return;
  open = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = DOORS.get(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}
