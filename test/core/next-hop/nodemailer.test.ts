/** What the client takes from nodemailer beyond its typings is there: an update that moves it must fail here, not in mail. */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { expect, test } from 'vitest';
import { Extensions } from '../../../core/next-hop/extensions.ts';

test("nodemailer's connection has the inner parts that the client uses", () => {
  const connection: object = new SMTPConnection({});
  expect(connection).toMatchObject({
    _plaintextEhlo: false,
    _onSocketData: expect.any(Function) as unknown,
    _socket: false,
  });
});

test('command injection: our name is one word to nodemailer, whatever it is', () => {
  expect(new SMTPConnection({ name: 'mx.test\r\nRSET' }).name).toBe('mx.testRSET');
});

test('extensions are found whatever their case, and SIZE only as a number', () => {
  const offered = new Extensions(['pipelining', 'Size 1000', 'AUTH PLAIN LOGIN', '']);
  expect(offered.has('PIPELINING')).toBe(true);
  expect(offered.has('AUTH')).toBe(true);
  expect(offered.has('DSN')).toBe(false);
  expect(offered.largestContent).toBe(1000);
  for (const size of ['SIZE', 'SIZE 0', 'SIZE much', 'SIZE -1'])
    expect(new Extensions([size]).largestContent).toBeNull();
});
