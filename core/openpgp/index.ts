/**
 * The door of OpenPGP: keys, where they come from, and the questions asked of them, for the plugins that verify, sign,
 * encrypt and decrypt. Not a part of the front door: the package behind it is large, and most gateways do without.
 */
export * from './armor.ts';
export * from './autocrypt-header.ts';
export * from './autocrypt-peers.ts';
export * from './key-index.ts';
export * from './key-source.ts';
export * from './keyring.ts';
export * from './open-message.ts';
export * from './openpgp.ts';
export * from './owner-trust.ts';
export * from './payload.ts';
export * from './recipient-keys.ts';
export * from './seal.ts';
export * from './sealed-mail.ts';
export * from './secret-keys.ts';
export * from './signer.ts';
export * from './web-key-directory.ts';
export * from './web-of-trust.ts';
