/** Delivers to a mailbox store that speaks LMTP (RFC 2033): one outcome a recipient. */
import { definePlugin, type NamedHost, parseIpAddress, report } from '../../core/index.ts';
import { checkSessionOptions, NEXT_HOP_NEEDS, NextHops } from '../../core/next-hop/index.ts';
import { LmtpStore } from './lmtp-store.ts';
import { options } from './options.ts';
import { socketComplaints } from './socket-complaints.ts';

export default definePlugin({
  name: 'lmtp-delivery',
  summary: 'Delivers to a mailbox store by LMTP',
  options,
  delivers: 'here',
  needs: NEXT_HOP_NEEDS,
  async check({ options: { socket, ...others }, files }) {
    const complaints = await checkSessionOptions(others, files);
    return socket === undefined ? complaints : [...complaints, ...(await socketComplaints(socket, files))];
  },
  create({ options: { socket, hosts = [], fields, tls = 'opportunistic', ...session }, ...services }) {
    const nextHops = new NextHops({ ...session, tls, protocol: 'lmtp', tlsRequiredNo: 'ignore' }, services);
    const { files, identity, clock } = services;
    // The options name one of them.
    const hops = socket === undefined ? hosts : { socket: files.resolve(socket), name: identity.hostname };
    const store = new LmtpStore({ nextHops, hops, fields, clock });
    const names = hosts.flatMap(({ name }, index): readonly NamedHost[] =>
      parseIpAddress(name) === null ? [{ name, is: 'host', path: ['hosts', index] }] : [],
    );
    return {
      about: { names },
      start: () => nextHops.start(),
      async deliver({ mail, recipients }, context) {
        return report(await store.deliver(mail, recipients, context));
      },
      preview: ({ mail, recipients }) => store.preview(mail, recipients),
      close: () => nextHops.close(),
    };
  },
});
