/** Programs that read reports for mailing lists and shops, as witnesses of what ours say: nobody here wrote them. */
import { run } from './external.ts';
import type { Peer } from './peers.ts';

/** One recipient as a reader found it. */
export interface ReadRecipient {
  readonly recipient: string;
  readonly status: string;
  readonly action: string;
  /** What the remote machine said, or what we found wrong. */
  readonly diagnostic: string;
}

const perl = (module: string) => ['perl', `-M${module}`, '-MJSON::PP', '-e', '1'] as const;

export const SISIMAI: Peer = { name: 'libsisimai-perl', probe: perl('Sisimai') };
export const BOUNCE_PARSER: Peer = {
  name: 'libmail-deliverystatus-bounceparser-perl',
  probe: perl('Mail::DeliveryStatus::BounceParser'),
};

const SISIMAI_PROGRAM = `
use Sisimai; use JSON::PP;
local $/; my $mail = <STDIN>;
my @read = map { my $d = $_->damn; {
  recipient => "$d->{recipient}", status => "$d->{deliverystatus}", action => "$d->{action}",
  diagnostic => "$d->{diagnosticcode}",
} } @{ Sisimai->make(\\$mail, delivered => 1) // [] };
print JSON::PP->new->encode(\\@read);
`;

const BOUNCE_PARSER_PROGRAM = `
use Mail::DeliveryStatus::BounceParser; use JSON::PP;
local $/; my $mail = <STDIN>;
my @read = map { {
  recipient => $_->get('Final-Recipient') =~ s/^rfc822;\\s*//r, status => $_->get('Status'), action => $_->get('Action'),
  diagnostic => $_->get('reason'),
} } Mail::DeliveryStatus::BounceParser->new($mail)->reports;
print JSON::PP->new->encode(\\@read);
`;

/** Sisimai, which reads successes too. It knows no addresses beyond ASCII. */
export function sisimai(octets: Buffer): Promise<readonly ReadRecipient[]> {
  return readBy(SISIMAI_PROGRAM, octets);
}

/** Mail::DeliveryStatus::BounceParser, which reads failures alone, and files with LF line ends. */
export function bounceParser(octets: Buffer): Promise<readonly ReadRecipient[]> {
  return readBy(BOUNCE_PARSER_PROGRAM, Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'));
}

async function readBy(program: string, input: Buffer): Promise<readonly ReadRecipient[]> {
  const { code, stdout, stderr } = await run('perl', ['-e', program], { input });
  if (code !== 0) throw new Error(`perl failed: ${stderr}`);
  return JSON.parse(stdout) as readonly ReadRecipient[];
}
