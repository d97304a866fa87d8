/**
 * pgp-verify: says of every mail whether OpenPGP vouches for it, and for whom.
 *
 * It decides nothing: the verdict is the fact `pgp`, on which `when:` lets other plugins act, and a header field for readers.
 * The mail itself stays as it is, to the octet, so what was signed still verifies after it.
 */
import { CLOCK, definePlugin, FILES, IDENTITY, LOG, note, readHeader, rewrite, WEB } from '../../core/index.ts';
import { authorOf, openMessage } from '../../core/openpgp/index.ts';
import { AUTHENTICATION_RESULTS } from './authentication-results.ts';
import { checkOptions } from './check.ts';
import { examine } from './examine.ts';
import { factsOf, PGP_FACTS } from './facts.ts';
import { keySourceOf } from './key-sources.ts';
import { mark } from './mark.ts';
import { OPTIONS } from './options.ts';
import { storesOf } from './stores.ts';

export default definePlugin({
  name: 'pgp-verify',
  summary: 'Says whether OpenPGP signatures hold, and who made them.',
  options: OPTIONS,
  needs: { clock: CLOCK, files: FILES, identity: IDENTITY, log: LOG, web: WEB },
  facts: PGP_FACTS,

  check: ({ options, files }) => checkOptions(options, files),

  create({ options, identity, ...ports }) {
    const { clock } = ports;
    const stores = storesOf(options, ports);
    const { maxSize } = options;
    const field = options.header === true ? AUTHENTICATION_RESULTS : options.header;
    const signatures = ['OpenPGP'] as const;
    return {
      about: {
        handles: [
          { does: 'verifies', signatures },
          ...(options.decrypt === undefined ? [] : [{ does: 'opens', signatures } as const]),
        ],
      },
      start: () => stores.open(),

      async data({ mail: { content } }, { signal }) {
        const [now, keys] = [clock.now(), stores.secretKeys()];
        const judgement = await examine(content, {
          keys: await keySourceOf(stores, signal),
          now,
          maxSize,
          open: keys === null ? null : message => openMessage(message, { keys, now, maxSize }),
        });
        const header = await readHeader(content);
        if (header.kind === 'too-large') return note(factsOf(judgement));
        const author = authorOf(header.block);
        // After the verdict: no mail vouches for itself.
        if (author !== null) await stores.autocrypt?.peers.learn(header.block, author, now);
        if (field === false) return note(factsOf(judgement));
        const { marked, changes } = await mark(content, header.block, {
          field,
          hostname: identity.hostname,
          judgement,
        });
        return rewrite(marked, changes, factsOf(judgement));
      },
    };
  },
});
