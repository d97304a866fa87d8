/** The page of `mailframe dev`, in a real browser and as strangers would ask for it. */
import { readFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Development } from '../../../core/dev/development.ts';
import { openPage, type PageServer } from '../../../core/dev/page-server.ts';
import { smtpClient } from '../../../core/testing.ts';
import { browserForAll, CHROMIUM } from '../../support/browser.ts';
import { describeWithPeer } from '../../support/peers.ts';
import { folderForAll } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
log: { level: error }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: relay-policy, options: { localDomains: [example.test], relayFor: [127.0.0.0/8] } }
  - { use: ./manners.ts }
  - { use: mx-routing }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
  - { use: smtp-relay, as: internet }
routes:
  - { when: { recipient: "@example.test" }, deliver: mailboxes }
  - { deliver: internet }
`;

const MANNERS = `
import { definePlugin, prependField, readHeader, applyEdits, reject, rewrite } from 'mailframe';
import { unwanted } from './unwanted.ts';
export default definePlugin({
  name: 'manners',
  create: () => ({
    rcpt: ({ recipient }) => (recipient.forwardPath.localPart === unwanted ? reject(550, '5.7.1', 'Not you') : undefined),
    async data({ mail }) {
      const read = await readHeader(mail.content);
      if (read.kind !== 'header') return;
      const edit = prependField(read.block, 'X-Manners', 'good');
      return rewrite(applyEdits(mail.content, [edit]), [{ what: 'added X-Manners', breaks: [] }], { manners: 'good' });
    },
  }),
});
`;

/** Read in the browser, so it is text here. */
const faintTexts = `(${readFileSync(new URL('../../support/faint-texts.js', import.meta.url), 'utf8').replace(/^[^]*?export /, '')})()`;

const folder = folderForAll();
let development: Development;
let server: PageServer;

beforeAll(async () => {
  await writeFile(join(folder(), 'aliases'), 'team: ann, pat@partner.example\n');
  await writeFile(join(folder(), 'manners.ts'), MANNERS);
  await writeFile(join(folder(), 'unwanted.ts'), "export const unwanted = 'eve';\n");
  await writeFile(join(folder(), 'mailframe.config.yaml'), CONFIGURATION);
  development = await Development.begin({
    file: join(folder(), 'mailframe.config.yaml'),
    folder: join(folder(), 'dev'),
    dns: 'invented',
    programs: 'caught',
    output: 'nowhere',
    inspect: null,
  });
  server = await openPage(development, 0);
  await until(() => expect(development.status).toMatchObject({ running: 'running' }));
}, 60_000);

afterAll(async () => {
  await server.close();
  await development.close();
});

async function send(to: string, subject: string) {
  const client = await smtpClient(development.status.listeners[0]?.port ?? 0);
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<carol@client.test>');
  const { code } = await client.say(`RCPT TO:<${to}>`);
  if (code === 250) await client.data(`From: carol@client.test\nSubject: ${subject}\n\nHello.\n`);
  await client.close();
}

describe('a stranger', () => {
  /** What the server says to a request that no browser would make like this by itself. */
  function ask(path: string, { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> }) {
    const { port } = new URL(server.url);
    return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers }, answer => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
      });
      asked.on('error', reject);
      asked.end();
    });
  }
  const cookie = () => {
    const { port, searchParams } = new URL(server.url);
    return `mailframe-dev-${port}=${searchParams.get('key')}`;
  };
  const origin = () => new URL(server.url).origin;

  test('whose name leads here is told that this is not it (DNS rebinding)', async () => {
    const { port } = new URL(server.url);
    const headers = { host: `evil.example:${port}`, cookie: cookie() };
    expect(await ask('/api/state', { headers })).toMatchObject({ status: 421 });
  });

  test('page cannot make anything happen (cross-site request forgery)', async () => {
    const post = (headers: Record<string, string>) =>
      ask('/api/restart', { method: 'POST', headers: { cookie: cookie(), ...headers } });
    expect(await post({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(await post({})).toMatchObject({ status: 403 });
    expect(await post({ origin: origin(), 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 });
    expect(development.status.starts).toBe(1);
  });

  test('on this machine who has not seen the terminal gets in nowhere (missing key)', async () => {
    for (const path of ['/', '/api/state', '/page/app.js', '/?key=guessed', '/api/events']) {
      expect(await ask(path, {})).toMatchObject({ status: 401 });
    }
    const { headers } = await ask(new URL(server.url).pathname + new URL(server.url).search, {});
    expect(headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(await ask('/api/state', { headers: { cookie: cookie() } })).toMatchObject({ status: 200 });
  });

  test('reads the key in no file: it is for its owner alone', async () => {
    expect((await readFile(join(folder(), 'dev/key'), 'utf8')).trim()).toBe(
      new URL(server.url).searchParams.get('key'),
    );
    const { mode } = await stat(join(folder(), 'dev/key'));
    expect(mode & 0o077).toBe(0);
  });
});

describeWithPeer(CHROMIUM, 'the page of mailframe dev', () => {
  const browser = browserForAll();

  async function open(width = 1280): Promise<Page> {
    const page = await browser().context.newPage();
    onTestFinished(async () => {
      development.fail({ place: 'connect', manner: 'none' });
      await page.close();
    });
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(error.message));
    onTestFinished(() => expect(errors).toEqual([]));
    await page.setViewportSize({ width, height: 800 });
    await page.goto(server.url);
    await page.waitForSelector('.dot.running');
    return page;
  }

  const row = (page: Page, text: string) => page.locator('.entry', { hasText: text });

  async function compose(page: Page, fields: Readonly<Record<string, string>>) {
    await page.keyboard.press('c');
    for (const [name, value] of Object.entries(fields)) {
      const field = page.locator(`dialog [name=${name}]`);
      if (name === 'kind') await field.selectOption(value);
      else await field.fill(value);
    }
    await page.click('dialog [type=submit]');
    await page.click('dialog a:text("Look at it")');
  }

  test('says how to send a first mail, and shows it when it comes, with all that became of it', async () => {
    const page = await open();
    const { port } = development.status.listeners[0] ?? {};
    expect(await page.textContent('.commands')).toContain(`swaks --server 127.0.0.1:${port} --to hello@example.test`);
    await send('team@example.test', 'Minutes');
    await row(page, 'Minutes').locator('.pill:text("Delivered")').waitFor();
    await row(page, 'Minutes').locator('a').click();
    await page.click('.tab:text("Trace")');
    await until(async () =>
      expect(await page.locator('.step', { hasText: 'alias-expansion' }).first().textContent()).toMatch(
        /expand.*ann@example\.test/,
      ),
    );
    expect(await page.locator('.step', { hasText: 'manners' }).last().textContent()).toMatch(
      /rewrite.*added X-Manners.*manners good/,
    );
    await page.click('.tab:text("Delivery")');
    await page.locator('.recipient', { hasText: 'pat@partner.example' }).locator('text=See what left').click();
    await page.locator('.segments [aria-pressed=true]:text("As it left for pat@partner.example")').waitFor();
    await page.click('.tab:text("Changes")');
    expect(await page.locator('.diff-line.added').first().textContent()).toBe('+X-Manners: good');
    await page.click('.tab:text("Source")');
    expect(await page.textContent('.source')).toMatch(/X-Manners: good\r?\nReceived: from client\.test/);
  });

  test('shows who was refused, by whom, and with what', async () => {
    const page = await open();
    await send('eve@example.test', 'never sent');
    await row(page, '550 5.7.1 Not you').locator('a').click();
    await until(async () => expect(await page.textContent('.refusal')).toBe('550 5.7.1 Not youby manners at rcpt'));
  });

  test('sends a mail with parts, and shows the tree of them, the text, and a picture of the mail in its HTML', async () => {
    const page = await open();
    await compose(page, { kind: 'html', to: 'ann@example.test', subject: 'Parts', text: 'Grüße & more' });
    const frame = page.frameLocator('figure.html iframe');
    await until(async () => expect(await frame.locator('body').textContent()).toContain('Grüße & more'));
    const width = await frame
      .locator('img[alt="a red square"]')
      .evaluate(image => (image as unknown as { naturalWidth: number }).naturalWidth);
    expect(width).toBe(16);
    expect(await page.textContent('figcaption')).toContain('1 remote resource blocked');
    await page.click('.tab:text("Parts")');
    await page.locator('.tree').waitFor();
    const tree = await page.locator('.tree .type').allTextContents();
    expect(tree).toEqual([
      'multipart/mixed',
      'multipart/alternative',
      'text/plain',
      'multipart/related',
      'text/html',
      'image/png',
      'text/csv',
    ]);
    await page.click('.tree button:has-text("text/csv")');
    expect(await page.textContent('.part')).toContain('November,1377');
  });

  test('hostile HTML runs nothing, fetches nothing and leads nowhere, in its frame and in a tab of its own', async () => {
    const page = await open();
    const { context, wanted } = browser();
    await compose(page, { kind: 'hostile', to: 'ann@example.test', subject: 'You have won' });
    const frame = page.frameLocator('figure.html iframe');
    await frame.locator('#top-link').waitFor();
    for (const id of ['top-link', 'script-link', 'ping-link']) await frame.locator(`#${id}`).click();
    await frame.locator('button').click();
    const alone = await context.newPage();
    onTestFinished(() => alone.close());
    await alone.goto(new URL((await page.getAttribute('figure.html iframe', 'src')) ?? '', server.url).href);
    await alone.locator('#top-link').click();
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
    expect(await alone.title()).toBe('');
    expect(new URL(alone.url()).host).toBe(new URL(server.url).host);
    expect(new URL(page.url()).host).toBe(new URL(server.url).host);
    expect(await page.title()).toContain('mailframe dev');
    expect(await page.textContent('figcaption')).toMatch(/^20 remote resources blocked/);
    // Whatever would have been asked for before this would stand above it.
    await alone.goto('http://control.example/').catch(() => undefined);
    await until(() => expect(wanted().join('\n')).toContain('control.example'));
    expect(wanted().filter(line => line.includes('evil.example'))).toEqual([]);
  });

  test('a subject that is markup is text (cross-site scripting)', async () => {
    const page = await open();
    await send('ann@example.test', '<img src=x onerror="globalThis.pwned = true"><b>bold</b>');
    await row(page, '<b>bold</b>').locator('a').click();
    await until(async () => expect(await page.textContent('.title h2')).toContain('<img src=x'));
    expect(await page.locator('.title img, .entry b').count()).toBe(0);
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
  });

  test('makes the next hop fail, and mail that waits goes out once it is mended and tried again', async () => {
    const page = await open();
    await page.click('#next-hop');
    await page.locator('tr', { hasText: 'At RCPT' }).locator('text=Says 4yz').click();
    await page.keyboard.press('Escape');
    await page.locator('#next-hop.failing:text("says 4yz at RCPT")').waitFor();
    await send('pat@elsewhere.example', 'Into trouble');
    await row(page, 'Into trouble').locator('.pill:text("Deferred")').waitFor();
    await row(page, 'Into trouble').locator('a').click();
    await page.click('.tab:text("Delivery")');
    expect(await page.textContent('.attempt')).toContain('450 4.2.1 This mailbox is busy');
    await page.keyboard.press('n');
    await page.click('dialog >> text=It takes everything');
    await page.keyboard.press('Escape');
    await page.click('text=Retry now');
    await row(page, 'Into trouble').locator('.pill:text("Delivered")').waitFor();
    await until(async () => expect(await page.locator('.attempt').count()).toBe(2));
  });

  test('can be used with the keyboard alone', async () => {
    const page = await open();
    await page.keyboard.press('j');
    const first = await page.textContent('.title h2');
    await page.keyboard.press('j');
    await until(async () => expect(await page.textContent('.title h2')).not.toBe(first));
    await page.keyboard.press('3');
    await page.locator('.tab[aria-selected=true]:text("Trace")').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('minutes');
    await until(async () => expect(await page.locator('.entry').count()).toBe(1));
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('dialog h2:text("Keys")').waitFor();
  });

  test.each(['light', 'dark'] as const)('can be read on a phone, in %s colours', async colorScheme => {
    const page = await open(360);
    await page.emulateMedia({ colorScheme });
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(await overflow()).toBe(0);
    expect(await page.evaluate(faintTexts)).toEqual([]);
    await row(page, 'Minutes').locator('a').click();
    await page.click('.tab:text("Trace")');
    await page.locator('.trace').waitFor();
    expect(await overflow()).toBe(0);
    expect(await page.evaluate(faintTexts)).toEqual([]);
  });

  test('a change starts the gateway anew, one that cannot run is told, and mails stay', async () => {
    const page = await open();
    const { starts, listeners } = development.status;
    await writeFile(join(folder(), 'unwanted.ts'), "export const unwanted = 'mallory';\n");
    await page.locator('#foot:has-text("Started anew for unwanted.ts")').waitFor();
    expect(development.status.starts).toBe(starts + 1);
    expect(development.status.listeners).toEqual(listeners);
    await send('eve@example.test', 'Welcome now');
    await row(page, 'Welcome now').waitFor();
    await row(page, 'Minutes').waitFor();
    await writeFile(
      join(folder(), 'mailframe.config.yaml'),
      CONFIGURATION.replace('use: mx-routing', 'use: mx-rooting'),
    );
    await page.locator('#trouble:has-text("mailframe.config.yaml:9:12: plugins[3].use")').waitFor();
    expect(await page.textContent('#trouble')).toContain('did you mean "mx-routing"?');
    await send('ann@example.test', 'In the meantime');
    await row(page, 'In the meantime').waitFor();
    await writeFile(join(folder(), 'mailframe.config.yaml'), CONFIGURATION);
    await page.locator('#trouble:empty').waitFor({ state: 'attached' });
    await until(() => expect(development.status).toMatchObject({ running: 'running', starts: starts + 2 }));
  }, 90_000);
});
