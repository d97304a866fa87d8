/**
 * A mailbox never holds half a mail: not after a failure at any step, not after a crash at any step, and not where taking
 * the half mail off failed too.
 */
import { describe, expect, test } from 'vitest';
import { FILES, type Files } from '../../../core/index.ts';
import { byAddress, harness, ManualClock, type MemoryFiles, memoryFiles, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { failingFiles, type Step } from './failing-files.ts';
import { readMbox } from './mboxrd-reader.ts';

const OLD = 'Subject: old\n\nold\n';
const NEW = `Subject: new\n\nFrom the new one\n${'x\n'.repeat(200)}`;
const LATER = 'Subject: later\n\nlater\n';

const STEPS = await stepsOfADelivery();

/** Delivers one mail to bob over these files, without patience for locks. */
async function deliver(files: Files, content: string): Promise<string> {
  const options = { directory: 'mail', lockTimeout: '0 s' };
  const now = '2026-11-23T09:05:00Z';
  const plugin = await harness(mboxDelivery, options, { now, provide: [provide(FILES, files)] });
  const report = await plugin.deliver({ content });
  return byAddress(report?.outcomes ?? new Map())['bob@example.test']?.kind ?? 'silent';
}

async function subjects(files: MemoryFiles): Promise<readonly string[]> {
  const mails = (await files.facts('mail/bob')) === null ? [] : readMbox(await files.read('mail/bob'));
  return mails.map(mail => /^Subject: (.*)/.exec(mail.content)?.[1] ?? mail.content);
}

/** A mailbox with one mail in it. */
async function mailboxWithOld(): Promise<MemoryFiles> {
  const files = memoryFiles({}, { clock: new ManualClock('2026-11-23T09:05:00Z') });
  await deliver(files, OLD);
  return files;
}

/** What starting and delivering does, step by step. */
async function stepsOfADelivery(): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const watch = (step: Step) => {
    steps.push(step);
    return 'works' as const;
  };
  await deliver(failingFiles(await mailboxWithOld(), watch), NEW);
  return steps;
}

describe('one operation fails', () => {
  test.each(STEPS)('$number: $operation of $path', async ({ number }) => {
    const files = await mailboxWithOld();
    const failing = failingFiles(files, step => (step.number === number ? 'half' : 'works'));
    const outcome = await deliver(failing, NEW).catch(() => 'not started');
    expect(await subjects(files)).toEqual(outcome === 'delivered' ? ['old', 'new'] : ['old']);
    expect(await deliver(files, LATER)).toBe('delivered');
    expect(await subjects(files)).toEqual(outcome === 'delivered' ? ['old', 'new', 'later'] : ['old', 'later']);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });
});

describe('crash: nothing works from one operation on', () => {
  const crashes = STEPS.flatMap(step => (['fails', 'half'] as const).map(fate => ({ ...step, fate })));

  test.each(crashes)('$number: $operation of $path, the first step $fate', async ({ number, fate }) => {
    const files = await mailboxWithOld();
    const dying = failingFiles(files, step => {
      if (step.number < number) return 'works';
      return step.number === number ? fate : 'fails';
    });
    const outcome = await deliver(dying, NEW).catch(() => 'not started');
    expect(await deliver(files, LATER)).toBe('delivered');
    // What was reported as delivered is there; what was not may be there, but wholly.
    const want =
      outcome === 'delivered'
        ? [['old', 'new', 'later']]
        : [
            ['old', 'later'],
            ['old', 'new', 'later'],
          ];
    expect(want).toContainEqual(await subjects(files));
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });
});

describe('a half mail that could not be taken off', () => {
  /** A disk that takes half of a write, and then neither writes nor truncates. */
  const broken = (files: Files) =>
    failingFiles(files, ({ operation, path }) => {
      if (!path.endsWith('/bob')) return 'works';
      return operation === 'write' || operation === 'truncate' ? 'half' : 'works';
    });

  async function half(): Promise<MemoryFiles> {
    const files = await mailboxWithOld();
    expect(await deliver(broken(files), NEW)).toBe('deferred');
    expect(files.text('mail/bob')).toContain('Subject: new');
    expect(files.text('mail/bob')?.endsWith('\n\n')).toBe(false);
    return files;
  }

  test('keeps the mailbox locked, and is taken off by the next delivery', async () => {
    const files = await half();
    expect(files.paths()).toEqual(['/config/mail/bob', '/config/mail/bob.lock']);
    expect(await deliver(files, LATER)).toBe('delivered');
    expect(await subjects(files)).toEqual(['old', 'later']);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });

  test('is left alone, and the mailbox locked, as long as the disk is broken', async () => {
    const files = await half();
    const before = files.text('mail/bob');
    expect(await deliver(broken(files), LATER)).toBe('deferred');
    expect(files.text('mail/bob')).toBe(before);
    expect(files.paths()).toContain('/config/mail/bob.lock');
    expect(await deliver(files, LATER)).toBe('delivered');
    expect(await subjects(files)).toEqual(['old', 'later']);
  });

  test('takes no mail of another program with it', async () => {
    const files = await half();
    const foreign = 'From x@y Mon Nov 23 09:05:00 2026\nSubject: foreign\n\nforeign\n\n';
    files.put('mail/bob', `${files.text('mail/bob')}\n\n${foreign}`);
    expect(await deliver(files, LATER)).toBe('delivered');
    expect(files.text('mail/bob')).toContain(foreign);
  });

  test('is nothing to a mailbox that was replaced since', async () => {
    const files = await half();
    await files.replace('mail/bob', Buffer.from(`From x@y Mon Nov 23 09:05:00 2026\n${OLD}${'y\n'.repeat(500)}\n`));
    const replaced = files.text('mail/bob');
    expect(await deliver(files, LATER)).toBe('delivered');
    expect(files.text('mail/bob')?.startsWith(replaced ?? '-')).toBe(true);
  });
});
