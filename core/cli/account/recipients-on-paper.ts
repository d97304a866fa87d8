/** Recipients on paper: what each that was named stands for, as a tree, and what becomes of whom it leads to. */

import { formatDemand } from '../../mail/tls-demand.ts';
import type { Act } from '../../plugin/preview.ts';
import type { Paper, Style } from '../paper.ts';
import { octetsInWords, saidInWords } from '../queue/words.ts';
import type { Account, ActAccount, AskedAccount, RecipientAccount } from './account.ts';
import { fateOf, VERDICTS } from './verdicts.ts';

/** A step of the way from the one who was named to one who gets the mail. */
interface Branch {
  readonly what: string;
  readonly below: Map<string, Branch>;
  readonly ends: RecipientAccount[];
}

export function recipientsOnPaper(paper: Paper, { recipients, mails, standing }: Account): void {
  for (const one of recipients) askedOnPaper(paper, one, { several: mails.length > 1, isLife: standing !== null });
}

function askedOnPaper(
  paper: Paper,
  asked: AskedAccount,
  { several, isLife }: { readonly several: boolean; readonly isLife: boolean },
): void {
  const { address, verdict, reply, leadsTo } = asked;
  const { text, style } = isLife ? fateOf(leadsTo) : VERDICTS[verdict];
  const why = leadsTo.length > 0 || reply === null ? '' : `: ${reply}`;
  paper.row([{ text: '  ' }, { text: address, style: 'bold' }, { text: '  ' }, { text, style }], why);
  const tree: Branch = { what: address, below: new Map(), ends: [] };
  for (const one of leadsTo) plant(tree, one);
  draw(paper, tree, '  ', several);
}

/** Those whose way begins alike share its beginning. */
function plant(tree: Branch, one: RecipientAccount): void {
  let branch = tree;
  for (const step of one.via.flatMap(text => text.split(' -> '))) {
    const next = branch.below.get(step) ?? { what: step, below: new Map<string, Branch>(), ends: [] };
    branch.below.set(step, next);
    branch = next;
  }
  branch.ends.push(one);
}

function draw(paper: Paper, branch: Branch, rest: string, several: boolean): void {
  const children = [...branch.below.values(), ...branch.ends];
  for (const [index, child] of children.entries()) {
    const isLast = index === children.length - 1;
    const first = `${rest}${isLast ? '└─ ' : '├─ '}`;
    const below = `${rest}${isLast ? '   ' : '│  '}`;
    if ('below' in child) {
      paper.row([{ text: first, style: 'dim' }], `by ${child.what}`, 'dim');
      draw(paper, child, below, several);
    } else leaf(paper, child, { first, below, several });
  }
}

function leaf(
  paper: Paper,
  one: RecipientAccount,
  { first, below, several }: { readonly first: string; readonly below: string; readonly several: boolean },
): void {
  const { address, target, transport, because, lastOutcome, standing, acts, mail, hosts } = one;
  const whom = target === null ? address : `${address} ${target.argument}`;
  paper.row([{ text: first, style: 'dim' }, { text: whom }], several ? `  in ${mail}` : '', 'dim');
  const line = (text: string, style: Style = 'plain') =>
    paper.row([{ text: `${below}  `, style: 'dim', again: true }], text, style);
  for (const reason of because) line(`${reason.about}: ${reason.text}`, 'dim');
  const by = transport ?? 'its transport';
  if (acts.length === 0) {
    if (transport !== null) line(`by ${transport}`);
    for (const { name, port, addresses, tls } of hosts) {
      const demand = tls === undefined ? '' : `, TLS: ${formatDemand(tls)}`;
      line(`to ${name} port ${port}${addresses.length === 0 ? '' : ` (${addresses.join(', ')})`}${demand}`);
    }
  }
  for (const act of acts) actOnPaper(line, by, act);
  if (standing !== null) line(standing, 'news');
  if (lastOutcome === null) return;
  const isDone = lastOutcome.kind === 'delivered';
  // What would be done is said above: the outcome has nothing to add.
  if (isDone && acts.some(({ act }) => act !== null)) return;
  line(
    `${lastOutcome.kind}: ${saidInWords(lastOutcome)}`,
    isDone ? 'good' : lastOutcome.kind === 'deferred' ? 'warn' : 'bad',
  );
}

function actOnPaper(
  line: (text: string, style?: Style) => void,
  by: string,
  { act, recipients, size, file }: ActAccount,
): void {
  const shared = recipients.length > 1 ? `, together with ${recipients.length - 1} more` : '';
  const octets = `${octetsInWords(size)}${shared}`;
  if (act === 'untold') line(`${by} would get ${octets}; it does not say what it would do with that`, 'good');
  else if (act !== null)
    for (const [index, text] of actInWords(act, octets).entries())
      line(index === 0 ? `${by} ${text}` : `  ${text}`, index === 0 ? 'good' : 'plain');
  if (act !== null && file !== null) line(`octets in ${file}`, 'dim');
}

function actInWords(act: Act, octets: string): readonly string[] {
  switch (act.kind) {
    case 'append':
      return [`would append ${octets} to ${act.file}`];
    case 'create':
      return [`would write ${octets} into a new file in ${act.folder}`];
    case 'program': {
      const who = act.user === null ? '' : ` as user ${act.user}`;
      return [`would give ${octets} to: ${act.command.join(' ')}`, `in ${act.directory}${who}`];
    }
    case 'transaction': {
      const hosts = act.hosts.map(({ remote, tls }, index) => `${index + 1}. ${remote}, TLS ${tls}`);
      return [
        `would send ${octets} by ${act.protocol.toUpperCase()} to the first of these that takes it`,
        ...hosts,
        ...act.commands,
      ];
    }
  }
}
