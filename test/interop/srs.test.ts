/** Senders that we rewrite are read by Mail::SRS, the reference of the scheme, and those that it rewrites by us. */
import { expect, test } from 'vitest';
import { formatMailbox } from '../../core/mail/path.ts';
import { aMailbox } from '../../core/testing/builders.ts';
import { reversed, rewritten, type SrsRules } from '../../plugins/sender-rewriting/srs.ts';
import { run } from '../support/external.ts';
import { describeWithPeer } from '../support/peers.ts';

const RULES: SrsRules = { domain: 'ours.test', secrets: ['between us'], separator: '=', hashLength: 4, maxAge: 21 };
const SENDERS = [
  'ann@sender.test',
  'Ann.Smith+x=y@Sender.test',
  'SRS0=abcd=M3=sender.test=ann@first.test',
  'SRS0+abcd=M3=a.test=b@first.test',
];

/** Runs lines of Perl in which `$srs` is the reference with our secret; they see the addresses in `@ARGV`. */
async function reference(program: string, ...addresses: readonly string[]): Promise<readonly string[]> {
  const setUp = `my $srs = new Mail::SRS(Secret => '${RULES.secrets[0]}');`;
  const { code, stdout, stderr } = await run('perl', ['-MMail::SRS', '-e', `${setUp} ${program}`, ...addresses]);
  if (code !== 0) throw new Error(`perl failed: ${stderr}`);
  return stdout.trim().split('\n');
}

describeWithPeer({ name: 'libmail-srs-perl', probe: ['perl', '-MMail::SRS', '-e', '1'] }, 'Mail::SRS', () => {
  test('rewrites as we do', async () => {
    const theirs = await reference('print $srs->forward($_, "ours.test"), "\\n" for @ARGV;', ...SENDERS);
    const plain = SENDERS.map(sender => ({
      localPart: sender.slice(0, sender.lastIndexOf('@')),
      domain: sender.slice(sender.lastIndexOf('@') + 1),
    }));
    expect(theirs).toEqual(plain.map(sender => formatMailbox(rewritten(sender, new Date(), RULES))));
  });

  test('leads what we rewrite back to its sender', async () => {
    const ours = SENDERS.map(sender => formatMailbox(rewritten(aMailbox(sender), new Date(), RULES)));
    expect(await reference('print $srs->reverse($_), "\\n" for @ARGV;', ...ours)).toEqual(
      SENDERS.map(one => formatMailbox(aMailbox(one))),
    );
  });

  test('rewrites what we lead back to its sender', async () => {
    const theirs = await reference('print $srs->forward($_, "ours.test"), "\\n" for @ARGV;', ...SENDERS);
    const found = theirs.map(address => reversed(aMailbox(address), new Date(), RULES));
    expect(found).toEqual(SENDERS.map(sender => ({ kind: 'sender', mailbox: aMailbox(sender) })));
  });

  test('leads nobody anywhere whom we refuse', async () => {
    const [good = ''] = SENDERS.map(sender => formatMailbox(rewritten(aMailbox(sender), new Date(), RULES)));
    const forged = [
      good.replace('ann', 'bob'),
      good.replace('sender.test', 'victim.test'),
      good.replace(/=..=/, '=AA='),
    ];
    const theirs = await reference('print eval { $srs->reverse($_) } // "no", "\\n" for @ARGV;', ...forged);
    expect(theirs).toEqual(['no', 'no', 'no']);
    expect(forged.map(address => reversed(aMailbox(address), new Date(), RULES).kind)).toEqual([
      'invalid',
      'invalid',
      'invalid',
    ]);
  });
});
