/** What the options say, and what is wrong with them. */
import { describe, expect, test } from 'vitest';
import { faultsIn } from '../../../core/testing.ts';
import lmtpDelivery from '../../../plugins/lmtp-delivery/index.ts';

const AUTH = { user: 'gateway', password: 'secret' };

describe('the options', () => {
  test.each([
    { options: { socket: '/run/dovecot/lmtp' } },
    { options: { socket: './lmtp', auth: AUTH } },
    { options: { hosts: ['store.test:24', '[2001:db8::1]:2003'], tls: 'verified', auth: AUTH } },
  ])('are good: $options', async ({ options }) => {
    expect(await faultsIn(lmtpDelivery, options)).toEqual([]);
  });

  test.each([
    { options: {}, want: 'options.socket: is missing, and hosts too' },
    { options: { socket: '/lmtp', hosts: ['store.test:24'] }, want: 'options.hosts: the socket says where' },
    { options: { socket: '/lmtp', tls: 'required' }, want: 'options.tls: there is no TLS on a socket' },
    { options: { hosts: ['store.test'] }, want: 'options.hosts.0: say the port of LMTP' },
    { options: { hosts: [] }, want: 'options.hosts: ' },
    { options: { hosts: ['store.test:24'], auth: AUTH }, want: 'options.tls: with auth, say tls: verified' },
    { options: { hosts: ['store.test:24'], authorities: './ca.pem' }, want: 'options.authorities: ' },
    { options: { socket: `/${'x'.repeat(107)}` }, want: 'has 108 octets, and the path of a socket at most 107' },
    { options: { socket: './mail' }, want: 'options.socket: ' },
  ])('are wrong: $options: $want', async ({ options, want }) => {
    const faults = await faultsIn(lmtpDelivery, options, { files: { './mail/inbox': '' } });
    expect(faults).toEqual([expect.stringContaining(want)]);
  });
});
