/** A log whose disk is full. */
import { writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FileOutput } from '../../../core/system/file-output.ts';

/** A disk with room for so many octets, which may be given more. */
function disk(room: number) {
  const state = { room, text: '' };
  const write = ((_: number, octets: Buffer, from: number) => {
    const size = Math.min(octets.length - from, state.room);
    if (size === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    state.room -= size;
    state.text += octets.toString('utf8', from, from + size);
    return size;
  }) as typeof writeSync;
  return { state, output: new FileOutput(1, write) };
}

test('threat: the disk behind the log is full: lines are lost, and the next one that finds room is whole', () => {
  const { state, output } = disk(10);
  output.write('one\ntwo\n');
  output.write('three\n');
  output.write('four\n');
  expect(state.text).toBe('one\ntwo\nth');
  state.room = 100;
  output.write('five\n');
  output.write('six\n');
  expect(state.text).toBe('one\ntwo\nth\nfive\nsix\n');
});
