/** What every transport owes the queue, as cases for any test runner: each has a name, and rejects where it does not hold. */
import { formatMailbox } from '../mail/path.ts';
import type { Answer } from '../plugin/hooks.ts';
import type { DeliveryParts } from './builders.ts';
import type { Circumstances } from './harness-questions.ts';

/** The transport, as `harness` gives it. */
export interface TransportUnderTest {
  readonly deliver: (delivery?: Circumstances & DeliveryParts) => Promise<Answer<'deliver'> | undefined>;
  readonly close: () => Promise<void>;
}

/** What the cases need. */
export interface TransportSetting {
  /** A transport whose next hop takes all mail. Opened for each case, and closed. */
  readonly open: () => Promise<TransportUnderTest>;
  /** What its next hop has taken: the content of each mail, with CRLF, and without what the transport puts on top. */
  readonly taken: () => readonly Buffer[] | Promise<readonly Buffer[]>;
  /** What a delivery needs beside the mail: `hosts`, for one. */
  readonly delivery?: DeliveryParts;
}

/** One promise. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const TO = ['ann@example.test', 'bob@example.test', 'carl@example.test'];
const AT_ONCE = 10;
const PATIENCE = 10_000;
const LARGE = 2 * 1024 ** 2;

/** Content that transports have got wrong. */
const ODD_CONTENT: Readonly<Record<string, string>> = {
  'a mail without a body': 'Subject: x\r\n\r\n',
  'lines that begin with dots': 'Subject: x\r\n\r\n.\r\n..\r\n.dot\r\n',
  'lines that begin with From': 'Subject: x\r\n\r\nFrom here\r\n>From there\r\n',
  'octets beyond ASCII': 'Subject: x\r\n\r\nna\xefve \xff\r\n',
  'a long line': `Subject: x\r\n\r\n${'x'.repeat(998)}\r\n`,
};

/**
 * The cases.
 * @example for (const { name, run } of transportContract({ open, taken })) test(name, run);
 */
export function transportContract(setting: TransportSetting): readonly ContractCase[] {
  const contract = (name: string, check: (its: Checked) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const transport = await setting.open();
      try {
        await check(new Checked(transport, setting));
      } finally {
        await transport.close();
      }
    },
  });
  return [
    contract('reports an outcome for each recipient of the attempt, and for nobody else', its => its.reportsEach(TO)),
    contract('takes mail from the null reverse-path', its => its.delivers({ from: '<>' })),
    contract('can deliver a mail a second time', async its => {
      await its.delivers({ attempt: 1 });
      await its.delivers({ attempt: 2 });
    }),
    ...Object.entries(ODD_CONTENT).map(([name, text]) =>
      contract(`passes on ${name}, every octet`, its => its.passesOn([Buffer.from(text, 'latin1')])),
    ),
    contract('passes on a large mail', its =>
      its.passesOn([Buffer.from(`Subject: x\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(LARGE / 78)}`)]),
    ),
    contract('delivers several mails at the same time without mixing them', its =>
      its.passesOn(
        Array.from({ length: AT_ONCE }, (_, index) => Buffer.from(`Subject: ${index}\r\n\r\nmail ${index}\r\n`)),
      ),
    ),
    contract('delivers nothing that nobody waits for any more, and does not hang', its => its.givesUp()),
  ];
}

class Checked {
  readonly #transport: TransportUnderTest;
  readonly #setting: TransportSetting;

  constructor(transport: TransportUnderTest, setting: TransportSetting) {
    this.#transport = transport;
    this.#setting = setting;
  }

  async reportsEach(to: readonly string[]): Promise<void> {
    const outcomes = await this.#outcomes({ to });
    for (const address of to) hold(outcomes.has(address), `${address} has no outcome`);
    for (const address of outcomes.keys()) hold(to.includes(address), `${address} was not among the recipients`);
  }

  async delivers(parts: DeliveryParts): Promise<void> {
    for (const [address, kind] of await this.#outcomes(parts)) hold(kind === 'delivered', `${address} is ${kind}`);
  }

  async passesOn(contents: readonly Buffer[]): Promise<void> {
    const before = (await this.#setting.taken()).length;
    await Promise.all(contents.map((content, index) => this.delivers({ content, id: `mail-${index}` })));
    const taken = (await this.#setting.taken()).slice(before);
    for (const content of contents) {
      const found = taken.filter(one => one.equals(content)).length;
      hold(
        found === 1,
        `a mail of ${content.length} octets was taken ${found} times as it was; ${taken.length} came in all`,
      );
    }
  }

  async givesUp(): Promise<void> {
    const before = (await this.#setting.taken()).length;
    const late = AbortSignal.timeout(PATIENCE);
    const ended = this.#transport.deliver({ ...this.#setting.delivery, signal: AbortSignal.abort() }).then(
      answer => [...(answer?.outcomes.values() ?? [])].map(({ kind }): string => kind),
      (): readonly string[] => [],
    );
    const hung = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`the attempt has not ended within ${PATIENCE} ms`)));
    });
    const kinds = await Promise.race([ended, hung]);
    hold(!kinds.includes('delivered'), 'it says that the mail was delivered');
    hold((await this.#setting.taken()).length === before, 'the mail was delivered all the same');
  }

  async #outcomes(parts: DeliveryParts): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#transport.deliver({ ...this.#setting.delivery, ...parts });
    if (answer === undefined) throw new Error('the transport keeps silent: every recipient would be tried again');
    return new Map([...answer.outcomes].map(([{ forwardPath }, { kind }]) => [formatMailbox(forwardPath), kind]));
  }
}

function hold(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
