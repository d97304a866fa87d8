/**
 * Command lists of Postfix's smtpd_check and the replies that stand below each command, and its restrictions as a plugin.
 *
 * smtpd_check is no session: any command may be asked at any time, and what was said before is remembered. So each
 * command is played in a session of its own, in which only the stage of that command is restricted.
 */
import { readFileSync } from 'node:fs';
import { inRanges } from '../../core/mail/ip-ranges.ts';
import { type Accept, accept, type Reject, reject } from '../../core/mail/verdict.ts';
import type { PluginInstance } from '../../core/plugin/plugin.ts';

import { corpus } from './corpus.ts';

/** A command, and Postfix's reply to it: `OK`, or a line such as `451 4.3.0 ...`. */
export interface Checked {
  readonly command: string;
  readonly reply: string;
}

/** Commands that a client can give: the others set something. */
export type Stage = 'client' | 'helo' | 'mail' | 'rcpt' | 'rewrite';
const STAGES: ReadonlySet<string> = new Set<Stage>(['client', 'helo', 'mail', 'rcpt', 'rewrite']);

export function isStage(name: string): name is Stage {
  return STAGES.has(name);
}

/** Reads the commands of a `.in`, each with its reply of the `.ref`, where it stands below the same command. */
export function postfixChecks(name: string): readonly Checked[] {
  const text = (kind: string) => readFileSync(corpus('smtp', 'postfix-smtpd', `${name}.${kind}`), 'utf8');
  const commands = text('in').split('\n').filter(Boolean);
  const blocks = text('ref').split(/^>>> /m).slice(1);
  if (blocks.length !== commands.length) throw new Error(`${name}: the replies belong to another list of commands`);
  return blocks.flatMap((block, index): readonly Checked[] => {
    const [command = '', ...output] = block.trimEnd().split('\n');
    if (command.trim() !== commands[index]?.trim()) throw new Error(`${name}: ${commands[index]} has no reply`);
    return command.startsWith('#') ? [] : [{ command: command.trim(), reply: output.at(-1) ?? '' }];
  });
}

/** A line of MAIL, and how Postfix cuts it into tokens. */
export interface Tokenised {
  readonly line: string;
  readonly tokens: readonly { readonly type: 'other' | 'error'; readonly value: string }[];
}

/** Reads what the tokeniser makes of its lines. */
export function postfixTokens(): readonly Tokenised[] {
  const text = readFileSync(corpus('smtp', 'postfix-smtpd', 'smtpd_token.ref'), 'utf8');
  return text.split(/^(?=mail )/m).map(block => {
    const [line = '', ...rest] = block.trimEnd().split('\n');
    const tokens = rest.join('\n').matchAll(/^Token type: {2}(other|error)\nToken value: (.*)$/gm);
    return { line, tokens: [...tokens].map(([, type, value = '']) => ({ type: type as 'other' | 'error', value })) };
  });
}

/** Postfix's parameters as far as these lists use them, and the plugin that looks at them. */
export class Restrictions {
  readonly #settings = new Map<string, string>();
  /** Where they hold at the moment; everywhere else all is permitted. */
  stage: Stage | null = null;

  set(name: string, value: string): void {
    this.#settings.set(name, value);
  }

  /** A look-up that fails throws, as the look-up in a table does that cannot be read. */
  plugin(): PluginInstance {
    return {
      connect: ({ session }) => this.#at('client', () => this.#restrict('client_restrictions', session.client.address)),
      helo: ({ session }) => this.#at('helo', () => this.#restrict('helo_restrictions', session.client.address)),
      mail: ({ session }) => this.#at('mail', () => this.#restrict('sender_restrictions', session.client.address)),
      rcpt: ({ session, recipient }) => this.#rcpt(session.client.address, recipient.forwardPath.domain),
      data: () => this.#at('rewrite', () => this.#table('local_header_rewrite_clients') && 'permitted'),
    };
  }

  #rcpt(client: string, domain: string): Accept | Reject | undefined {
    if (this.stage !== 'rcpt') return accept;
    this.#table('virtual_alias_maps');
    if (this.#settings.get('recipient_restrictions') !== 'reject_unauth_destination') {
      return this.#restrict('recipient_restrictions', client) === 'permitted' ? accept : undefined;
    }
    return this.#table('mydestination') === domain ? accept : reject(554, '5.7.1', 'Relay access denied');
  }

  #at(stage: Stage, restrict: () => unknown): undefined {
    if (this.stage === stage) restrict();
  }

  /** Whether one restriction permits: these lists name no more than one at a time. */
  #restrict(parameter: string, client: string): 'permitted' | 'unsaid' {
    const restriction = this.#table(parameter);
    switch (restriction) {
      case '':
        return 'permitted';
      case 'permit_mynetworks':
        return inRanges([this.#table('mynetworks')])(client) ? 'permitted' : 'unsaid';
      case 'permit_tls_clientcerts':
        return this.#table('relay_clientcerts') === this.#table('fingerprint') ? 'permitted' : 'unsaid';
      default:
        throw new Error(`nobody knows the restriction ${restriction}`);
    }
  }

  /** What is set. `fail:` is a table that cannot be read. */
  #table(name: string): string {
    const value = this.#settings.get(name) ?? '';
    if (value.startsWith('fail:')) throw new Error(`${value} lookup error`);
    return value;
  }
}
