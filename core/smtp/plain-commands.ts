/** The commands that need nothing but the conversation: no change of the socket, no second reply. */
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Command } from './command.ts';
import type { Conversation } from './conversation.ts';
import { BYE, help, NO_ARGUMENT, OK, type Said } from './replies.ts';

/** Carries a command out. @returns `null` where it is none of these. */
export function obey(conversation: Conversation, { verb, argument }: Command): Awaitable<Said | null> {
  switch (verb) {
    case 'EHLO':
    case 'HELO':
      return conversation.hello(verb, argument);
    case 'LHLO':
      return conversation.protocol === 'lmtp' ? conversation.hello(verb, argument) : null;
    case 'MAIL':
      return conversation.transactions.mail(argument);
    case 'RCPT':
      return conversation.transactions.rcpt(argument);
    case 'RSET':
      if (argument !== '') return NO_ARGUMENT;
      conversation.transactions.reset();
      return OK;
    case 'NOOP':
      return OK;
    case 'HELP':
      return help(conversation.protocol === 'lmtp' ? 'LHLO' : 'EHLO HELO');
    case 'VRFY':
      return conversation.lookUp('vrfy', argument);
    case 'EXPN':
      return conversation.lookUp('expn', argument);
    case 'QUIT':
      return argument === '' ? BYE : NO_ARGUMENT;
    case 'XCLIENT':
      return conversation.front.introduce(argument, conversation);
    case 'XFORWARD':
      return conversation.front.forward(argument, conversation);
    default:
      return null;
  }
}
