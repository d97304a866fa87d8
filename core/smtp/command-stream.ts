/**
 * smtp-server's parser, without its habit of carrying out a last command that has no line end: what a broken connection
 * cut off is no command.
 *
 * It lets command lines end with a bare LF. That is harmless: content ends at CRLF.CRLF alone, so nothing that one
 * machine takes for content is ever read here as a command.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';

export class CommandStream extends SMTPStream {
  override _flushData(): void {
    this._remainder = '';
  }
}
