/** The plugins of a configuration that are in shadow mode, each with what tells whether it is still the same one. */
import { createHash } from 'node:crypto';
import type { CompiledConfiguration } from './compile.ts';
import type { Shadowed } from './shadow/shadow-book.ts';
import { fingerprintOfModule } from './wiring/fresh-modules.ts';

/** Secrets are no part of it: they show as `[secret]`. */
export function shadowedIn({ mounted }: CompiledConfiguration): readonly Shadowed[] {
  return mounted
    .filter(({ mode }) => mode === 'shadow')
    .map(({ id, entry: { use, options, when }, module }) => {
      const source = module === null ? '' : fingerprintOfModule(module);
      const about = JSON.stringify({ use, options: options ?? null, when, source });
      return { id, fingerprint: createHash('sha256').update(about).digest('base64') };
    });
}
