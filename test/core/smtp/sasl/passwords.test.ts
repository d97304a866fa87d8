/** PLAIN and LOGIN: what they take, and the exact reply to everything else. */
import { describe, expect, test } from 'vitest';
import { HEARD, openLogin } from '../login-setting.ts';

describe('PLAIN', () => {
  test.each([
    { message: '\0ann\0correct horse', want: HEARD.right },
    { message: 'ann\0ann\0correct horse', want: HEARD.right },
    { message: 'ann\0\0correct horse', want: HEARD.right },
    { message: '\0ann\0', want: HEARD.wrong },
    { message: 'root\0ann\0correct horse', want: HEARD.wrong },
    { message: '', want: HEARD.bad },
    { message: 'ann', want: HEARD.bad },
    { message: 'ann\0correct horse', want: HEARD.bad },
    { message: '\0\0correct horse', want: HEARD.bad },
    { message: '\0ann\0correct\0horse', want: HEARD.bad },
    { message: '\0a\r\nnn\0correct horse', want: HEARD.bad },
    { message: '\0a\u0085nn\0correct horse', want: HEARD.bad },
    { message: Buffer.from('\0ann\0caf\xe9', 'latin1'), want: HEARD.bad },
  ])('$message: $want', async ({ message, want }) => {
    expect(await openLogin().begin('PLAIN', message)).toBe(want);
    const { begin, respond } = openLogin();
    expect(await begin('PLAIN')).toBe('334 ');
    expect(await respond(message)).toBe(want);
  });

  test('to act for somebody else: no plugin is asked, and no guess is counted', async () => {
    const { begin, shown, log } = openLogin({ limits: { failedLogins: 1 } });
    expect(await begin('PLAIN', 'root\0ann\0correct horse')).toBe(HEARD.wrong);
    expect(shown).toEqual([]);
    expect(log.of('refused')).toMatchObject([
      { fields: { hook: 'auth', by: 'mailframe', because: 'it wants to act for somebody else' } },
    ]);
  });

  test('plugins are shown the user and the password', async () => {
    const { begin, shown } = openLogin();
    await begin('PLAIN', '\0jürgen\0pass wörd');
    expect(shown).toEqual([{ mechanism: 'PLAIN', user: 'jürgen', password: 'pass wörd' }]);
  });
});

describe('LOGIN', () => {
  test.each([
    { user: 'ann', password: 'correct horse', want: HEARD.right },
    { user: 'ann', password: '', want: HEARD.wrong },
    { user: 'ann', password: 'correct\0horse', want: HEARD.bad },
    { user: 'ann', password: Buffer.from('caf\xe9', 'latin1'), want: HEARD.bad },
  ])('$user, $password: $want', async ({ user, password, want }) => {
    const { begin, respond } = openLogin();
    expect(await begin('LOGIN')).toBe('334 Username:');
    expect(await respond(user)).toBe('334 Password:');
    expect(await respond(password)).toBe(want);
  });

  test.each(['', 'a\nb', Buffer.from([0xff])])('a name that is none: %j', async user => {
    const { begin, respond } = openLogin();
    await begin('LOGIN');
    expect(await respond(user)).toBe(HEARD.bad);
    expect(await begin('LOGIN', user)).toBe(HEARD.bad);
  });

  test('the name may come with AUTH', async () => {
    const { begin, respond, shown } = openLogin();
    expect(await begin('LOGIN', 'ann')).toBe('334 Password:');
    expect(await respond('correct horse')).toBe(HEARD.right);
    expect(shown).toEqual([{ mechanism: 'LOGIN', user: 'ann', password: 'correct horse' }]);
  });
});
