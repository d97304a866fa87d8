/**
 * pgp-sign: signs mail for its author, as PGP/MIME (RFC 3156), with keys that the gateway holds.
 *
 * What the mail says stays as it is, to the octet, but for text that is not fit for the way: it is put into seven bits before it
 * is signed, so that no next hop has a reason to change it. Mail that is signed or encrypted already is passed on.
 */
import { CLOCK, defer, definePlugin, FILES, LOG, RANDOM, reject, rewrite } from '../../core/index.ts';
import { type PrivateKey, readSecretKeys, secretKeyComplaint } from '../../core/openpgp/index.ts';
import { OPTIONS } from './options.ts';
import { signed } from './signing.ts';

export default definePlugin({
  name: 'pgp-sign',
  summary: 'Signs mail with OpenPGP for its author.',
  options: OPTIONS,
  needs: { clock: CLOCK, files: FILES, log: LOG, random: RANDOM },

  async check({ options, files }) {
    const message = await secretKeyComplaint(files, { path: options.keys, passphrase: options.passphrase ?? null });
    return message === null ? [] : [{ path: ['keys'], message }];
  },

  create({ options, clock, files, random }) {
    let keys: readonly PrivateKey[] = [];
    return {
      about: {
        handles: [
          { does: 'signs', signatures: ['OpenPGP'] },
          { does: 'breaks', signatures: ['DKIM'] },
        ],
      },
      async start() {
        keys = await readSecretKeys(files, { path: options.keys, passphrase: options.passphrase ?? null });
      },

      async data({ mail: { content } }, { log }) {
        const boundary = random.bytes(16).toString('hex');
        const made = await signed(content, { ...options, keys, now: clock.now(), boundary });
        switch (made.kind) {
          case 'signed':
            return rewrite(made.content, made.changes);
          case 'passed':
            log.debug('not signed', { because: made.because });
            return undefined;
          case 'impossible':
            log.warn('not signed', { because: made.because, missing: options.missing });
            if (options.missing === 'pass') return undefined;
            return options.missing === 'reject'
              ? reject(550, '5.7.1', 'This mail must be signed, and cannot be', made.because)
              : defer(451, '4.7.1', 'This mail must be signed, and cannot be now', made.because);
          default:
            return made satisfies never;
        }
      },
    };
  },
});
