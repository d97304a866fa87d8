/**
 * pgp-decrypt: opens mail that is encrypted for keys which the gateway holds (RFC 3156), so that what comes after it, filters
 * and mailboxes, can read it.
 *
 * Guarantees (EFAIL): only mail that is encrypted as a whole is opened, and only where its integrity is proved; what is opened
 * stands alone, never beside octets that came in the clear. A signature inside stays: it becomes one of multipart/signed.
 */
import { CLOCK, defineFact, definePlugin, FILES, LOG, note, RANDOM, reject, rewrite, z } from '../../core/index.ts';
import { type PrivateKey, readSecretKeys, secretKeyComplaint } from '../../core/openpgp/index.ts';
import { decrypted } from './decrypting.ts';
import { OPTIONS } from './options.ts';

/** What was done: `none`: it was not encrypted; `closed`: it could not be opened. */
export const PGP_DECRYPTED = defineFact('pgp.decrypted', z.enum(['opened', 'closed', 'none']));

export default definePlugin({
  name: 'pgp-decrypt',
  summary: 'Opens mail that is encrypted with OpenPGP for keys of the gateway.',
  options: OPTIONS,
  needs: { clock: CLOCK, files: FILES, log: LOG, random: RANDOM },
  facts: [PGP_DECRYPTED],

  async check({ options, files }) {
    const message = await secretKeyComplaint(files, { path: options.keys, passphrase: options.passphrase ?? null });
    return message === null ? [] : [{ path: ['keys'], message }];
  },

  create({ options, clock, files, random }) {
    let keys: readonly PrivateKey[] = [];
    return {
      about: {
        handles: [
          { does: 'opens', signatures: ['OpenPGP'] },
          { does: 'breaks', signatures: ['DKIM'] },
        ],
      },
      async start() {
        keys = await readSecretKeys(files, { path: options.keys, passphrase: options.passphrase ?? null });
      },

      async data({ mail: { content } }, { log }) {
        const boundary = random.bytes(16).toString('hex');
        const made = await decrypted(content, { keys, now: clock.now(), boundary, maxSize: options.maxSize });
        switch (made.kind) {
          case 'opened':
            return rewrite(made.content, made.changes, PGP_DECRYPTED.is('opened'));
          case 'none':
            return note(PGP_DECRYPTED.is('none'));
          case 'closed':
            log.warn('not opened', { because: made.because });
            if (options.closed === 'pass') return note(PGP_DECRYPTED.is('closed'));
            return reject(550, '5.7.5', 'This mail is encrypted, and cannot be opened here', made.because);
          default:
            return made satisfies never;
        }
      },
    };
  },
});
