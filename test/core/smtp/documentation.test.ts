/** `docs/smtp.md` names all that a listener speaks and all that it limits. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listenerSchema } from '../../../core/config/schema.ts';
import { extensionLines } from '../../../core/smtp/extensions.ts';
import { help } from '../../../core/smtp/replies.ts';
import { aSession } from '../../../core/testing/builders.ts';
import { OPTIONS } from './gateway.ts';

const read = (page: string) => readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
const smtp = read('smtp.md');
const configuration = read('configuration.md');

describe('docs/smtp.md', () => {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', servername: null, certificate: null };
  const options = { ...OPTIONS, binaryMime: 'encode', auth: 'optional' } as const;
  const offered = extensionLines(options, aSession({ tls }), { add: [], remove: [] }).map(line => line.split(' ')[0]);

  test.for([...offered, 'STARTTLS', 'XCLIENT', 'XFORWARD'])('names the extension %s', keyword => {
    expect(smtp).toMatch(new RegExp(`^\\|.*\`${keyword}\`.*\\|`, 'm'));
  });

  const commands = String(help('HELO EHLO LHLO').text).replace(/\(.*/, '').trim().split(' ');
  test.for(commands)('names the command %s', command => {
    expect(smtp).toMatch(new RegExp(`^\\| \`${command}\` `, 'm'));
  });

  const limits = Object.keys(listenerSchema.shape.limits.unwrap().shape).filter(
    key => !['window', 'exempt', 'perClient', 'perNetwork'].includes(key),
  );
  test.for(limits)('says what comes of the limit %s', limit => {
    expect(smtp).toContain(`\`limits.${limit}\``);
  });
});

describe('docs/configuration.md', () => {
  const limits = listenerSchema.shape.limits.unwrap().shape;
  test.for([...Object.keys(listenerSchema.shape), ...Object.keys(limits)])('describes the key %s', key => {
    expect(configuration).toMatch(new RegExp(`^\\| \`${key}\` `, 'm'));
  });
});
