/** How many files a process may have open, which is how many clients it can have. */
import { readFile } from 'node:fs/promises';

const LIMITS = '/proc/self/limits';
const LINE = /^Max open files +(\d+|unlimited)/m;

/** How many files and connections this process may have open; `Infinity` where there is no limit or nobody tells it. */
export async function mostOpenFiles(): Promise<number> {
  const limits = await readFile(LIMITS, 'utf8').catch(() => '');
  const [, soft = 'unlimited'] = LINE.exec(limits) ?? [];
  return soft === 'unlimited' ? Infinity : Number(soft);
}
