/** An account for people: what was said, who was asked, what became of it, and where it leads. */
import { formatReply } from '../../mail/reply.ts';
import { Paper, type PaperSettings, type Style } from '../paper.ts';
import { clientInWords } from '../queue/show.ts';
import { octetsInWords, timeInWords } from '../queue/words.ts';
import type { Account, AccountedExchange, MailAccount, WithheldAccount } from './account.ts';
import { changeOnPaper } from './change-on-paper.ts';
import { recipientsOnPaper } from './recipients-on-paper.ts';
import { type StepSettings, stepsOnPaper, widthsOf } from './steps-on-paper.ts';
import { fateOf, VERDICTS } from './verdicts.ts';

/** The hooks after the mail was taken, and what happens there without a hook. */
const AFTER = new Set(['route', 'deliver', 'settle', 'order']);

/** `what`: the message, in a few words. */
export function accountInWords(account: Account, what: string, settings: PaperSettings): string {
  const paper = new Paper(settings);
  const { verdict, standing, session, mails } = account;
  const { text, style } =
    standing === null ? VERDICTS[verdict] : fateOf(account.recipients.flatMap(({ leadsTo }) => leadsTo));
  paper.row(
    [
      { text: `${what}: `, style: 'bold' },
      { text, style },
    ],
    standing === null ? '' : `, ${standing}`,
  );
  if (session !== null) paper.row([], clientInWords(session), 'dim');
  for (const note of account.notes) paper.row([{ text: 'note: ', style: 'warn' }], note);

  const steps = { ...widthsOf(allSteps(account)), changes: account.changes };
  dialogue(paper, account, { ...steps, times: standing !== null });
  for (const mail of mails) queued(paper, mail, standing !== null);
  if (account.recipients.length > 0) {
    paper.title('Recipients');
    recipientsOnPaper(paper, account);
  }
  for (const mail of mails) afterwards(paper, mail, { ...steps, times: standing !== null });
  withheld(paper, account);
  return paper.toString();
}

function allSteps({ exchanges, mails }: Account) {
  const later = mails.flatMap(({ trace }) => trace.filter(({ hook }) => AFTER.has(hook)));
  return [...exchanges.flatMap(({ steps }) => steps), ...later];
}

function dialogue(paper: Paper, { exchanges, changes, standing }: Account, settings: StepSettings): void {
  if (exchanges.length === 0) return;
  paper.title(standing === null ? 'What is said, and who is asked' : 'Who was asked');
  for (const exchange of exchanges) {
    said(paper, exchange, settings.times);
    if (exchange.stage === 'content') ownAdditions(paper, changes);
    stepsOnPaper(paper, exchange.steps, settings);
    for (const reply of exchange.replies) answered(paper, reply);
  }
}

function said(paper: Paper, { said: words, steps: [first], stage }: AccountedExchange, times: boolean): void {
  if (words !== null) return paper.row([{ text: '> ', style: 'dim' }], words, 'bold');
  if (first === undefined) return paper.row([], stage, 'bold');
  const time = times ? [{ text: `${timeInWords(new Date(first.at))}  `, style: 'dim' as const }] : [];
  paper.row(time, `${stage} ${first.asked}`, 'bold');
}

function answered(paper: Paper, reply: string): void {
  const [code = ''] = reply;
  const style: Style = code === '5' ? 'bad' : code === '4' ? 'warn' : 'good';
  // The answer to EHLO is the only long one: one line of it, with its lines beside each other.
  const lines = reply.split('\n').map((line, index) => (index === 0 ? line.replace('-', ' ') : line.slice(4)));
  paper.row([{ text: '< ', style: 'dim' }], lines.join(', '), style);
}

/** Received and the like. Where the message came in several transactions, each added the same. */
function ownAdditions(paper: Paper, changes: Account['changes']): void {
  const own = changes.find(({ plugin }) => plugin === 'mailframe');
  if (own !== undefined) changeOnPaper(paper, own, { indent: 4, by: 'mailframe' });
}

function queued(paper: Paper, mail: MailAccount, isLife: boolean): void {
  const { id, size, reversePath, hold, bounce, discard, facts, breaks, file } = mail;
  const about = `${octetsInWords(size)} from ${reversePath ?? 'a sender that cannot be read'}`;
  if (discard !== null) {
    paper.title(`Thrown away: ${about}`);
    paper.row([{ text: '  by ' }], `${discard.by}: ${discard.reason}`, 'warn');
  } else paper.title(`${isLife ? 'Queued as' : 'Would be queued as'} ${id}: ${about}`);
  if (hold !== null) paper.row([{ text: '  held by ', style: 'warn' }], `${hold.by}: ${hold.reason}`);
  if (bounce !== null) paper.row([{ text: '  returned to its sender: ', style: 'bad' }], formatReply(bounce));
  const stated = Object.entries(facts ?? {}).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  if (stated.length > 0) paper.row([{ text: '  facts ', style: 'dim' }], stated.join(', '));
  if (breaks.length > 0) paper.row([{ text: '  no longer verifies: ', style: 'bad' }], breaks.join(', '));
  if (file !== null) paper.row([{ text: '  octets in ', style: 'dim' }], file);
}

/** What came after it was taken: attempts, orders, notifications. */
function afterwards(paper: Paper, { id, trace, changes, notifications }: MailAccount, settings: StepSettings): void {
  const later = trace.filter(({ hook }) => AFTER.has(hook));
  const onTheWay = changes.filter(({ hook }) => hook === 'deliver');
  if (later.length + onTheWay.length === 0) return;
  paper.title(settings.times ? `Attempts of ${id}` : `The first attempt of ${id}`);
  for (const change of onTheWay) changeOnPaper(paper, change, { indent: 2, by: change.plugin });
  stepsOnPaper(paper, later, { ...settings, hooks: true });
  for (const { to, size, file } of notifications) {
    const where = file === null ? '' : `, octets in ${file}`;
    paper.row([{ text: '  a notification ', style: 'warn' }], `of ${octetsInWords(size)} to ${to.join(' ')}${where}`);
  }
}

/** Of a line of the log: what is known here without them, and what is for whoever looks for a fault in a plugin. */
const KNOWN_FIELDS = new Set(['plugin', 'session', 'queueId', 'stack']);

const WITHHELD: Readonly<Record<WithheldAccount['kind'], string>> = {
  write: 'write',
  remove: 'remove',
  connect: 'connect to',
  run: 'run',
  fetch: 'fetch',
};

function withheld(paper: Paper, { withheld: acts, logged, standing }: Account): void {
  if (standing !== null) return;
  if (acts.length > 0) paper.title('What plugins wanted to do, and did not');
  for (const { kind, what, size } of acts) {
    const octets = size === null ? '' : ` (${octetsInWords(size)})`;
    paper.row([{ text: `  ${WITHHELD[kind]} `, style: 'warn' }], `${what}${octets}`);
  }
  // What the queue would log stands above.
  const told = logged.filter(({ level, fields }) => level === 'error' || (level === 'warn' && 'plugin' in fields));
  if (told.length > 0) paper.title('What plugins would log');
  for (const { level, event, fields } of told) {
    const text = Object.entries(fields)
      .filter(([name]) => !KNOWN_FIELDS.has(name))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const who = 'plugin' in fields ? `${String(fields.plugin)}: ` : '';
    paper.row([{ text: `  ${who}${event} `, style: level === 'error' ? 'bad' : 'warn' }], text.join(' '));
  }
  paper.gap();
  paper.row([], 'None of this was done: nothing was queued, delivered, or written by a plugin.', 'dim');
}
