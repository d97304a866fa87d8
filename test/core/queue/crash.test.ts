/**
 * A store, killed under load at random instants, again and again: no acknowledged mail is lost, none appears that was never
 * offered, and each has the octets that it was given.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));
/** `CRASH_SEED=...` repeats what chance has drawn; the instants themselves are the machine's. */
const SEED = process.env.CRASH_SEED ?? String(Date.now());
const ROUNDS = Number(process.env.CRASH_STORE_ROUNDS ?? 165);
/** Rounds after which all is drained and compared. */
const EXAMINED_EVERY = 33;
/** In milliseconds, from the opening on; one time in `EARLY_ONE_IN` from the very start. */
const LONGEST_LIFE = 140;
const LONGEST_EARLY_LIFE = 300;
const EARLY_ONE_IN = 6;
const LONGEST = 600_000;

type Act = 'offered' | 'acknowledged' | 'delivered' | 'removing' | 'damaged';
type Said = Readonly<Record<Act, Set<string>>>;

const random = seededRandom(SEED);

/** Starts a child, waits until its end, and notes what it said. */
async function live({ args, cache }: Start, said: Said, life: (child: Living) => Promise<void>): Promise<void> {
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const closed = once(child, 'close');
  await life({ opened: once(child.stdout, 'data'), kill: () => void child.kill('SIGKILL') });
  const [code] = (await closed) as [number | null];
  if (code !== null && code !== 0) throw new Error(`the child ended by itself with ${code}`);
  for (const line of text.split('\n').slice(0, -1)) {
    const [act = '', id] = line.split(' ');
    if (id !== undefined) said[act as Act].add(id);
  }
}

interface Start {
  readonly args: readonly string[];
  /** Compiled code of the rounds before: half the time of a start. */
  readonly cache: string;
}

interface Living {
  readonly opened: Promise<unknown>;
  readonly kill: () => void;
}

/** A random while, counted from the start or from the opening. */
async function briefly({ opened, kill }: Living): Promise<void> {
  if (random.below(EARLY_ONE_IN) === 0) {
    await wait(random.below(LONGEST_EARLY_LIFE));
  } else {
    await opened;
    await wait(random.below(LONGEST_LIFE));
  }
  kill();
}

function integrity(directory: string): unknown {
  const database = new DatabaseSync(join(directory, 'queue.db'), { readOnly: true });
  try {
    return database.prepare('PRAGMA integrity_check').all();
  } finally {
    database.close();
  }
}

test(
  `a store that is killed ${ROUNDS} times loses nothing that it acknowledged, and invents nothing`,
  async () => {
    console.info(`CRASH_SEED=${SEED}`);
    const [directory, cache] = [await tempFolder(), await tempFolder()];
    const drain = (name: string) =>
      live({ args: [directory, name, SEED, 'drain'], cache }, said, () => Promise.resolve());
    const said: Said = {
      offered: new Set(),
      acknowledged: new Set(),
      delivered: new Set(),
      removing: new Set(),
      damaged: new Set(),
    };
    await drain('nothing');
    for (let round = 0; round < ROUNDS; round += 1) {
      await live({ args: [directory, String(round), SEED], cache }, said, briefly);
      if (round % EXAMINED_EVERY !== EXAMINED_EVERY - 1 && round !== ROUNDS - 1) continue;
      await drain(`drain-${round}`);
      const lost = [...said.acknowledged].filter(id => !said.delivered.has(id) && !said.removing.has(id));
      expect(lost).toEqual([]);
      expect([...said.delivered].filter(id => !said.offered.has(id))).toEqual([]);
      expect([...said.damaged]).toEqual([]);
      expect(readdirSync(join(directory, 'spool'))).toEqual([]);
      expect(integrity(directory)).toEqual([{ integrity_check: 'ok' }]);
    }
    console.info(`${said.offered.size} mails offered, ${said.acknowledged.size} acknowledged`);
    expect(said.acknowledged.size).toBeGreaterThan(ROUNDS);
  },
  LONGEST,
);
