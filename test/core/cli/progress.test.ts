import { expect, test } from 'vitest';
import { Progress } from '../../../core/cli/progress.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 100, written, write: (text: string) => written.push(text) };
}

test('a terminal is shown how far it is, how fast, and how long it will take, now and then', async () => {
  const clock = new ManualClock();
  const shown = terminal(true);
  const progress = new Progress(shown, clock);
  progress.show(0, '');
  await clock.advance(1000);
  progress.show(250, '');
  progress.expect(1000);
  await clock.advance(50);
  progress.show(260, '');
  await clock.advance(950);
  progress.show(500, '12 changed');
  progress.end();
  expect(shown.written.map(text => text.replace('\r\u001b[K', ''))).toEqual([
    '0  0/s',
    '250  250/s',
    '[############............]  500 of 1,000  12 changed  250/s  2 s left',
    '',
  ]);
});

test('nobody else is shown anything', () => {
  const file = terminal(false);
  const progress = new Progress(file, new ManualClock());
  progress.show(1, '');
  progress.end();
  expect(file.written).toEqual([]);
});
