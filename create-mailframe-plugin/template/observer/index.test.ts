import { bouncedBy, deliveredTo } from 'mailframe';
import { aMail, aRecipient, harness } from 'mailframe/testing';
import { expect, test } from 'vitest';
import plugin from './index.ts';

const bob = aRecipient('bob@example.test');
const about = { mail: aMail({ to: bob }), recipient: bob, attempt: 1 };

test('what became of mail is counted by domain', async () => {
  const { tell, close, log } = await harness(plugin, {});
  await tell('delivered', { ...about, outcome: deliveredTo('the mailbox') });
  await tell('delivered', { ...about, outcome: deliveredTo('the mailbox') });
  await tell('bounced', {
    ...about,
    recipient: aRecipient('eve@elsewhere.test'),
    outcome: bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' }),
  });
  await close();
  expect(log.of('counted').map(({ fields }) => fields)).toMatchObject([
    { domain: 'example.test', delivered: 2, bounced: 0 },
    { domain: 'elsewhere.test', delivered: 0, bounced: 1 },
  ]);
});

test('strangers cannot fill the memory', async () => {
  const { tell, close, log } = await harness(plugin, { most: 1 });
  for (const address of ['a@one.test', 'b@two.test', 'c@one.test']) {
    await tell('delivered', { ...about, recipient: aRecipient(address), outcome: deliveredTo('the mailbox') });
  }
  await close();
  expect(log.of('counted').map(({ fields }) => fields)).toMatchObject([{ domain: 'one.test', delivered: 2 }]);
});
