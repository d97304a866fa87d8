/** Mails that wait for one mailbox at the same time go together: in their order, wholly or not at all, and none for another. */
import { describe, expect, test } from 'vitest';
import { type Content, FILES, type Files } from '../../../core/index.ts';
import { byAddress, harness, ManualClock, type MemoryFiles, memoryFiles, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { failingFiles, type Step } from './failing-files.ts';
import { readMbox } from './mboxrd-reader.ts';

const NOW = '2026-11-23T09:05:00Z';
/** The first goes alone, for nobody else waits yet; all others wait for it and go together. */
const SENT = ['first', 'From_', 'third', 'last'];
const CONTENTS = SENT.map(subject => `Subject: ${subject}\n\nFrom ${subject} on\n${`${subject}\n`.repeat(50)}`);
const LATER = 'Subject: later\n\nlater\n';

async function delivering(files: Files) {
  const options = { directory: 'mail', lockTimeout: '0 s' };
  const plugin = await harness(mboxDelivery, options, { now: NOW, provide: [provide(FILES, files)] });
  return async (content: string | Content) => {
    const report = await plugin.deliver({ content });
    return byAddress(report?.outcomes ?? new Map())['bob@example.test']?.kind ?? 'silent';
  };
}

async function subjects(files: MemoryFiles): Promise<readonly string[]> {
  const mails = (await files.facts('mail/bob')) === null ? [] : readMbox(await files.read('mail/bob'));
  return mails.map(mail => /^Subject: (.*)/.exec(mail.content)?.[1] ?? mail.content);
}

/** Delivers all at once. @returns the subjects of those that are said to be delivered, in the order of sending. */
async function deliverAll(files: Files): Promise<readonly string[]> {
  const deliver = await delivering(files);
  const outcomes = await Promise.all(CONTENTS.map(deliver));
  return SENT.filter((_, index) => outcomes[index] === 'delivered');
}

function mailbox(): MemoryFiles {
  return memoryFiles({}, { clock: new ManualClock(NOW) });
}

async function stepsOfAll(): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const watched = failingFiles(mailbox(), step => {
    steps.push(step);
    return 'works';
  });
  expect(await deliverAll(watched)).toEqual(SENT);
  return steps;
}

const STEPS = await stepsOfAll();
const ofMailbox = (operation: Step['operation']) =>
  STEPS.filter(step => step.operation === operation && step.path.endsWith('/bob'));

describe('mails that wait together', () => {
  test('pay for one lock, one write and one sync, and lie in the order in which they came', async () => {
    const files = mailbox();
    expect(await deliverAll(files)).toEqual(SENT);
    expect(await subjects(files)).toEqual(SENT);
    expect(ofMailbox('write')).toHaveLength(2);
    expect(ofMailbox('sync')).toHaveLength(2);
    expect(STEPS.filter(({ operation }) => operation === 'link')).toHaveLength(2);
  });

  test('do not suffer for one that cannot be read', async () => {
    const files = mailbox();
    const deliver = await delivering(files);
    const broken = {
      size: 10,
      bytes: () => Promise.reject(new Error('the spool file is gone')),
      stream: () => {
        throw new Error('the spool file is gone');
      },
    };
    const outcomes = await Promise.all([deliver(LATER), deliver(broken), deliver(CONTENTS[0] ?? '')]);
    expect(outcomes).toEqual(['delivered', 'deferred', 'delivered']);
    expect(await subjects(files)).toEqual(['later', 'first']);
  });

  test('do not suffer for one that has no room', async () => {
    const files = mailbox();
    const small = failingFiles(files, ({ operation, octets }) =>
      operation === 'write' && octets > 1000 ? 'half' : 'works',
    );
    const deliver = await delivering(small);
    const large = `Subject: large\n\n${'x\n'.repeat(600)}`;
    const outcomes = await Promise.all([LATER, LATER, large, LATER].map(deliver));
    expect(outcomes).toEqual(['delivered', 'delivered', 'deferred', 'delivered']);
    expect(await subjects(files)).toEqual(['later', 'later', 'later']);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });

  test('let large ones go alone, which are read when they are written', async () => {
    const files = mailbox();
    const deliver = await delivering(files);
    const large = `Subject: large\n\n${'From afar\n'.repeat(30_000)}`;
    const contents = [LATER, large, CONTENTS[0] ?? '', CONTENTS[1] ?? '', large];
    expect(new Set(await Promise.all(contents.map(deliver)))).toEqual(new Set(['delivered']));
    expect((await subjects(files)).toSorted()).toEqual(['From_', 'first', 'large', 'large', 'later']);
  });
});

describe('one operation fails', () => {
  test.each(STEPS)('$number: $operation of $path', async ({ number }) => {
    const files = mailbox();
    const failing = failingFiles(files, step => (step.number === number ? 'half' : 'works'));
    const delivered = await deliverAll(failing).catch(() => []);
    expect(await subjects(files)).toEqual(delivered);
    expect(await (await delivering(files))(LATER)).toBe('delivered');
    expect(await subjects(files)).toEqual([...delivered, 'later']);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });
});

describe('crash: nothing works from one operation on', () => {
  const crashes = STEPS.flatMap(step => (['fails', 'half'] as const).map(fate => ({ ...step, fate })));

  test.each(crashes)('$number: $operation of $path, the first step $fate', async ({ number, fate }) => {
    const files = mailbox();
    const dying = failingFiles(files, step => {
      if (step.number < number) return 'works';
      return step.number === number ? fate : 'fails';
    });
    const delivered = await deliverAll(dying).catch(() => []);
    expect(await (await delivering(files))(LATER)).toBe('delivered');
    // What was reported as delivered is there; of what went together all is there or nothing.
    const there = await subjects(files);
    expect([[], SENT.slice(0, 1), SENT].map(mails => [...mails, 'later'])).toContainEqual(there);
    expect(there.slice(0, delivered.length)).toEqual(delivered);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });
});
