/** Clients that behave: each keeps its session, and they share the messages. */
import { smtpClient } from '../core/testing/smtp-client.ts';

const CLIENTS = 20;
/** 4 KB. */
const CONTENT = `From: ann@client.test\r\nSubject: bench\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(56)}`;

/** Sends so many messages over so many sessions. @returns how long each took, in milliseconds. */
export async function send(port: number, messages: number, clients = CLIENTS): Promise<readonly number[]> {
  const times: number[] = [];
  let left = messages;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = await smtpClient(port);
      await client.say('EHLO client.test');
      while (left-- > 0) {
        const started = performance.now();
        await client.sayAll(['MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>']);
        const reply = await client.data(CONTENT);
        if (reply.code !== 250) throw new Error(`refused: ${reply.text}`);
        times.push(performance.now() - started);
      }
      await client.close();
    }),
  );
  return times;
}

export const NORMAL_CLIENTS = CLIENTS;
