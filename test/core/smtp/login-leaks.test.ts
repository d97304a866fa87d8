/** Passwords, tokens and what is stored: nothing of them gets out, whether an AUTH goes well, badly, or breaks. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { defer, reject } from '../../../core/mail/verdict.ts';
import type { PluginInstance } from '../../../core/plugin/plugin.ts';
import { Secret } from '../../../core/plugin/secret.ts';
import { stored } from '../../../core/plugin/stored.ts';
import { link } from '../chain/chain-of.ts';
import { gateway, inData } from './gateway.ts';
import { openLogin } from './login-setting.ts';
import { mounted } from './plugins.ts';
import { scramAnswer } from './scram-client.ts';

const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
/** Any of these is a leak: the secrets of the tests, also in base64, and the keys that are stored. */
const SECRETS = ['correct horse', 'hunter2', 'tanstaaf', 'pencil', TOKEN, 'expired-token', 'WG5d8oPm3O', 'wfPLwcE6nT'];
const LEAKS = [...SECRETS, ...SECRETS.map(secret => Buffer.from(secret).toString('base64').replace(/.=*$/, ''))];

function expectNoLeak(...places: readonly unknown[]): void {
  const text = places.map(place => inspect(place, { depth: 20, maxStringLength: null }) + JSON.stringify(place)).join();
  for (const leak of LEAKS) expect(text).not.toContain(leak);
}

/** Each mechanism, once as it should be and once with what is wrong. */
const ATTEMPTS: Readonly<Record<string, (its: ReturnType<typeof openLogin>) => Promise<unknown>>> = {
  'PLAIN, right': ({ begin }) => begin('PLAIN', '\0ann\0correct horse'),
  'PLAIN, wrong': ({ begin }) => begin('PLAIN', '\0ann\0hunter2'),
  'PLAIN, malformed': ({ begin }) => begin('PLAIN', '\0ann\0hunter2\0'),
  'PLAIN for another': ({ begin }) => begin('PLAIN', 'root\0ann\0hunter2'),
  'PLAIN, no base64': ({ login }) => login.begin('PLAIN hunter2!'),
  'LOGIN, wrong': async ({ begin, respond }) => {
    await begin('LOGIN', 'ann');
    return respond('hunter2');
  },
  'CRAM-MD5, right': async ({ begin, respond }) => {
    await begin('CRAM-MD5');
    return respond('tim af453fef32901b11ab4ae7d64780220e');
  },
  'CRAM-MD5, wrong': async ({ begin, respond }) => {
    await begin('CRAM-MD5');
    return respond(`tim ${'0'.repeat(32)}`);
  },
  'SCRAM, right': async ({ begin, respond }) => {
    const serverFirst = (await begin('SCRAM-SHA-256', 'n,,n=user,r=abc')).slice(4);
    await respond(scramAnswer('pencil', 'n=user,r=abc', serverFirst).final);
    return respond('');
  },
  'SCRAM, wrong': async ({ begin, respond }) => {
    const serverFirst = (await begin('SCRAM-SHA-256', 'n,,n=user,r=abc')).slice(4);
    return respond(scramAnswer('hunter2', 'n=user,r=abc', serverFirst).final);
  },
  'XOAUTH2, right': ({ begin }) => begin('XOAUTH2', `user=ann\x01auth=Bearer ${TOKEN}\x01\x01`),
  'XOAUTH2, wrong': ({ begin }) => begin('XOAUTH2', 'user=ann\x01auth=Bearer expired-token\x01\x01'),
  'OAUTHBEARER, wrong': ({ begin }) => begin('OAUTHBEARER', 'n,,\x01auth=Bearer expired-token\x01\x01'),
  'OAUTHBEARER, malformed': ({ begin }) => begin('OAUTHBEARER', 'n,,\x01auth=Bearer expired-token\x01'),
};

/** A plugin that is told everything that an observer may know. */
function observer() {
  const told: unknown[] = [];
  return { told, link: link('observer', { observe: { refused: what => void told.push(what) } }) };
}

describe('leak by log, reply or trace', () => {
  test.each(Object.entries(ATTEMPTS))('%s', async (name, attempt) => {
    const { told, link: observing } = observer();
    const its = openLogin({ links: [...mounted('ann-may-log-in', 'stores-secrets', 'knows-tokens'), observing] });
    const heard = await attempt(its);
    expect(heard).toBeDefined();
    expectNoLeak(heard, told, its.log.lines, its.conversation, its.login);
    // What is malformed is answered and no more; anything else leaves a line that could leak.
    expect(its.log.lines.length > 0).toBe(!/malformed|base64/.test(name));
  });

  const BROKEN: Readonly<Record<string, PluginInstance>> = {
    'throws at secret': {
      secret: () => {
        throw new Error('the database is away');
      },
    },
    'refuses at secret': { secret: () => reject(535, '5.7.8', 'No', 'locked') },
    'defers at secret': { secret: () => defer(451, '4.3.0', 'Later', 'away') },
    'stores the wrong kind': {
      secret: () => stored('user', { mechanism: 'CRAM-MD5', password: new Secret('hunter2') }),
    },
  };
  test.each(Object.entries(BROKEN))('a plugin that %s', async (_, instance) => {
    const { told, link: observing } = observer();
    const its = openLogin({ links: [link('broken', instance), observing] });
    expect(await its.begin('SCRAM-SHA-256', 'n,,n=user,r=abc')).toMatch(/^(454|535) /);
    expect(told).toHaveLength(1);
    expectNoLeak(told, its.log.lines);
  });
});

test('leak by a mail: its trace says who, by which plugin and by which mechanism, and no more', async () => {
  const its = await gateway({
    options: { auth: 'required', mechanisms: ['SCRAM-SHA-256'] },
    links: mounted('stores-secrets', 'our-domains'),
  });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  const bare = 'n=user,r=abc';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const challenge = await client.command(`AUTH SCRAM-SHA-256 ${base64(`n,,${bare}`)}`);
  const { final } = scramAnswer('pencil', bare, Buffer.from(challenge.slice(4), 'base64').toString());
  await client.command(base64(final));
  expect(await client.command('')).toBe('235 2.7.0 Authentication successful');
  await inData(client);
  await client.command('Subject: hello\r\n\r\n.');
  const [mail] = its.committed.flat();
  expect(mail?.mail.session.user).toBe('user');
  expect(mail?.trace.filter(({ hook }) => hook === 'secret' || hook === 'auth')).toMatchObject([
    { hook: 'secret', plugin: 'stores-secrets', asked: 'SCRAM-SHA-256 user', answer: 'stored', detail: 'user' },
    {
      hook: 'auth',
      plugin: 'mailframe',
      asked: 'SCRAM-SHA-256 user',
      answer: 'authenticated',
      detail: 'user, by what stores-secrets stores',
    },
  ]);
  expectNoLeak(mail?.trace, its.log.lines);
});
