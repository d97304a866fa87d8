/**
 * pgp-encrypt: encrypts mail for all of its recipients, as PGP/MIME (RFC 3156), signed inside where the gateway holds a key of
 * the author.
 *
 * Guarantee: mail is encrypted for every one of its recipients, or for none: what one of them gets in the clear is no secret of
 * the others. Which of the two becomes of it where a key is missing, the configuration says.
 */
import {
  CLOCK,
  defer,
  definePlugin,
  FILES,
  formatMailbox,
  LOG,
  RANDOM,
  reject,
  rewrite,
  WEB,
} from '../../core/index.ts';
import { Keyring, type PrivateKey, readSecretKeys, WebKeyDirectory } from '../../core/openpgp/index.ts';
import { checkOptions } from './check.ts';
import { encrypted } from './encrypting.ts';
import { OPTIONS } from './options.ts';

export default definePlugin({
  name: 'pgp-encrypt',
  summary: 'Encrypts mail with OpenPGP for all of its recipients.',
  options: OPTIONS,
  needs: { clock: CLOCK, files: FILES, log: LOG, random: RANDOM, web: WEB },
  check: ({ options, files }) => checkOptions(options, files),

  create({ options, clock, files, log: ownLog, random, web }) {
    const { wkd, sign } = options;
    const keyring = new Keyring({ files, clock, log: ownLog, path: options.keyring, trust: null });
    const directory =
      wkd === undefined
        ? null
        : new WebKeyDirectory({
            web,
            clock,
            log: ownLog,
            ...wkd,
            domains: wkd.domains ?? null,
            authorities: () => null,
          });
    let signers: readonly PrivateKey[] = [];
    return {
      about: {
        handles: [
          { does: 'seals', signatures: ['OpenPGP'] },
          { does: 'breaks', signatures: ['DKIM'] },
        ],
      },
      async start() {
        await keyring.load();
        if (sign !== undefined) {
          signers = await readSecretKeys(files, { path: sign.keys, passphrase: sign.passphrase ?? null });
        }
      },

      async data({ mail: { content, envelope } }, { log, signal }) {
        const made = await encrypted(content, {
          recipients: envelope.recipients.map(one => one.forwardPath),
          sources: { keys: await keyring.keys(), directory, signal },
          signers,
          now: clock.now(),
          boundary: random.bytes(16).toString('hex'),
          ...options,
        });
        switch (made.kind) {
          case 'encrypted':
            return rewrite(made.content, made.changes);
          case 'passed':
            log.debug('not encrypted', { because: made.because });
            return undefined;
          case 'impossible': {
            const without = made.without.map(formatMailbox);
            log.warn('not encrypted', { because: made.because, without, missing: options.missing });
            if (options.missing === 'pass') return undefined;
            return options.missing === 'reject'
              ? reject(550, '5.7.1', 'This mail must be encrypted, and cannot be', made.because)
              : defer(451, '4.7.1', 'This mail must be encrypted, and cannot be now', made.because);
          }
          default:
            return made satisfies never;
        }
      },
    };
  },
});
