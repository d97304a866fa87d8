/** Back-pressure before the store: who comes too early waits, who has waited too long hears 451, and nothing is committed twice. */
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { replyToError } from '../../../core/mail/failure.ts';
import { CANNOT_KEEP_UP, CommitLine, octetsInMemory } from '../../../core/queue/commit-line.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { newMail } from './queued-mail.ts';

const PATIENCE = 60_000;

/** A line before a store whose commits end when the test says so. */
function lineOf(most: { readonly commits: number; readonly octets: number }) {
  const clock = new ManualClock('2030-01-01T12:00:00Z');
  const log = recordingLog();
  const line = new CommitLine({ clock, log, most, patience: PATIENCE });
  const running: { readonly name: string; readonly end: () => void; readonly fail: () => void }[] = [];
  const begun: string[] = [];
  const commit = (name: string, octets: number, hasGone = () => false) =>
    line
      .run(
        octets,
        () =>
          new Promise<void>((resolve, reject) => {
            begun.push(name);
            running.push({ name, end: resolve, fail: () => reject(new Error('no space left')) });
          }),
        hasGone,
      )
      .then(
        () => 'committed',
        (error: unknown) => error,
      );
  const next = () => {
    const one = running.shift();
    if (one === undefined) throw new Error('nothing is being committed');
    return one;
  };
  return { clock, log, line, begun, commit, next };
}

/** Lets everything happen that waits for nothing but its turn. */
const settled = () => new Promise<void>(resolve => setImmediate(resolve));

describe('the line before the store', () => {
  test('lets in as many commits as it may, and the others in their order', async () => {
    const { begun, commit, next } = lineOf({ commits: 2, octets: 1000 });
    const all = ['A', 'B', 'C', 'D'].map(name => commit(name, 1));
    expect(begun).toEqual(['A', 'B']);
    next().end();
    await settled();
    expect(begun).toEqual(['A', 'B', 'C']);
    next().fail();
    await settled();
    expect(begun).toEqual(['A', 'B', 'C', 'D']);
    next().end();
    next().end();
    expect(await Promise.all(all)).toEqual([
      'committed',
      expect.objectContaining({ message: 'no space left' }),
      'committed',
      'committed',
    ]);
  });

  test('lets in as many octets as it may; a large one goes alone, and no small one overtakes it', async () => {
    const { begun, commit, next } = lineOf({ commits: 100, octets: 100 });
    const all = [commit('A', 60), commit('LARGE', 5000), commit('B', 1)];
    expect(begun).toEqual(['A']);
    next().end();
    await settled();
    expect(begun).toEqual(['A', 'LARGE']);
    next().end();
    await settled();
    expect(begun).toEqual(['A', 'LARGE', 'B']);
    next().end();
    expect(await Promise.all(all)).toEqual(['committed', 'committed', 'committed']);
  });

  test('refuses with 451 who has waited too long, and commits nothing of it afterwards', async () => {
    const { clock, begun, commit, next } = lineOf({ commits: 1, octets: 1000 });
    const first = commit('A', 1);
    const second = commit('B', 1);
    await clock.advance(PATIENCE);
    const refused = await second;
    expect(replyToError(refused)).toEqual(CANNOT_KEEP_UP);
    expect(CANNOT_KEEP_UP).toMatchObject({ code: 451, status: '4.3.2' });
    next().end();
    // What the store had been given is waited for.
    expect(await first).toBe('committed');
    expect(begun).toEqual(['A']);
  });

  test('is behind from the first that waited too long until nobody waits, and says so once', async () => {
    const { clock, log, line, commit, next } = lineOf({ commits: 1, octets: 1000 });
    const all = [commit('A', 1), commit('B', 1), commit('C', 1)];
    expect(line.isBehind).toBe(false);
    await clock.advance(PATIENCE / 2);
    const later = commit('D', 1);
    await clock.advance(PATIENCE / 2);
    expect(line.isBehind).toBe(true);
    next().end();
    await settled();
    expect(line.isBehind).toBe(false);
    next().end();
    expect(await later).toBe('committed');
    await Promise.all(all);
    expect(log.lines.map(({ event, level }) => `${level} ${event}`)).toEqual(['warn fallen behind', 'info caught up']);
  });

  test('stays behind while nobody waits any more, but the store has not come back', async () => {
    const { clock, line, commit } = lineOf({ commits: 1, octets: 1000 });
    void commit('A', 1);
    const second = commit('B', 1);
    await clock.advance(PATIENCE);
    expect(await second).toBeInstanceOf(Error);
    expect(line.isBehind).toBe(true);
  });

  test('does not commit for a client that has gone before it was its turn', async () => {
    const { begun, commit, next } = lineOf({ commits: 1, octets: 1000 });
    const first = commit('A', 1);
    let gone = false;
    const second = commit('B', 1, () => gone);
    const third = commit('C', 1);
    gone = true;
    next().end();
    expect(await second).toMatchObject({ message: expect.stringContaining('has gone') });
    await settled();
    next().end();
    expect(await Promise.all([first, third])).toEqual(['committed', 'committed']);
    expect(begun).toEqual(['A', 'C']);
  });
});

describe('what a commit holds in memory', () => {
  test('is each content once, and nothing of what lies in a file', () => {
    const content = contentOf(Buffer.alloc(5000));
    const shared = [newMail('A', { content }), newMail('B', { content })];
    expect(octetsInMemory(shared)).toBe(5000);
    expect(octetsInMemory([newMail('C', { content: { ...content, file: '/there' } })])).toBe(0);
  });

  test('is no more than what is written to a file piece by piece', () => {
    expect(octetsInMemory([newMail('A', { content: contentOf(Buffer.alloc(3_000_000)) })])).toBe(256 * 1024);
  });
});
