/**
 * fast-check with the same examples in every run: a change that is tested fails for what it changes, and not for what chance
 * finds that day. `MAILFRAME_SEED=random` looks further, `MAILFRAME_SEED=123` repeats what it found.
 */
import { configureGlobal } from 'fast-check';

const { MAILFRAME_SEED = '1' } = process.env;

if (MAILFRAME_SEED !== 'random') configureGlobal({ seed: Number(MAILFRAME_SEED) });

export * from 'fast-check';
