/** A transport that turns mail into tickets: what a program that embeds the gateway gives it. */
import { definePlugin, deliveredTo, formatPath, parseMail, reportAll, token } from 'mailframe';

export interface Ticket {
  readonly from: string;
  readonly subject: string;
  readonly text: string;
}

/** Where tickets go: the program's own service, handed to the plugin by its token. */
export interface TicketSystem {
  /** Resolves once the ticket is safe: the gateway forgets the mail then. */
  open(ticket: Ticket): Promise<number>;
}

export const TICKETS = token<TicketSystem>('tickets');

export default definePlugin({
  name: 'tickets',
  summary: 'Opens a ticket for each mail.',
  delivers: 'here',
  needs: { tickets: TICKETS },
  create: ({ tickets }) => ({
    async deliver({ mail, recipients }) {
      const { subject, text } = await parseMail(mail.content);
      const number = await tickets.open({
        from: formatPath(mail.envelope.reversePath),
        subject: subject ?? '(no subject)',
        text: text ?? '',
      });
      return reportAll(recipients, deliveredTo(`ticket ${number}`));
    },
  }),
});
