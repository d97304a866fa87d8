import { ManualClock, memoryFiles } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';
import { filesContract } from '../system/files-contract.ts';

filesContract('in memory', () => Promise.resolve(memoryFiles()));

describe('files in memory', () => {
  test('begin as the test says, with the folders that this needs', async () => {
    const files = memoryFiles({ aliases: 'staff: ann\n', 'keys/ann.asc': Buffer.from('key'), '/etc/motd': 'hello' });
    expect((await files.read('./aliases')).toString()).toBe('staff: ann\n');
    expect(await files.list('keys')).toEqual(['ann.asc']);
    expect(files.paths()).toEqual(['/config/aliases', '/config/keys/ann.asc', '/etc/motd']);
    expect(files.resolve('aliases')).toBe('/config/aliases');
  });

  test('can be looked at and changed from outside', async () => {
    const clock = new ManualClock('2030-01-01T00:00:00Z');
    const files = memoryFiles({ aliases: 'a' }, { clock });
    await clock.advance(5000);
    files.put('aliases', 'longer');
    expect(files.text('aliases')).toBe('longer');
    expect(files.text('missing')).toBeNull();
    expect(await files.facts('aliases')).toMatchObject({ modifiedAt: new Date('2030-01-01T00:00:05Z'), size: 6 });
    files.put('aliases', 's');
    expect(files.text('aliases')).toBe('s');
  });

  test('fail where they are told to, until they are healed', async () => {
    const files = memoryFiles({ aliases: 'a' });
    files.fail('aliases', 'EACCES');
    await expect(files.read('aliases')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(files.open('aliases', 'read')).rejects.toMatchObject({ code: 'EACCES' });
    files.heal('aliases');
    expect((await files.read('aliases')).toString()).toBe('a');
  });

  test('a full disk takes half of a write, also of a file that is open already', async () => {
    const files = memoryFiles();
    const file = await files.open('mbox', 'append');
    await file.write(Buffer.from('old '), 0);
    files.fail('mbox', 'ENOSPC', 'write');
    await expect(file.write(Buffer.from('12345678'), 4)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(files.text('mbox')).toBe('old 1234');
    await file.truncate(4);
    await file.close();
    expect(files.text('mbox')).toBe('old ');
  });

  test('one operation alone can fail', async () => {
    const files = memoryFiles({ mbox: 'a' });
    files.fail('mbox', 'EIO', 'sync');
    const file = await files.open('mbox', 'append');
    await file.write(Buffer.from('b'), 1);
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    expect(files.text('mbox')).toBe('ab');
  });
});
