/** The machines that a table is kept on, as its setting names them. */
import { parseIpAddress } from '../mail/ip-address.ts';
import type { NamedHost, OptionPath } from './about.ts';
import type { TableSetting, TableSource } from './table-setting.ts';

/** Those with a name. `path`: the option that holds the setting. */
export function tableHosts({ source }: TableSetting, path: OptionPath): readonly NamedHost[] {
  const hosts = hostsOf(source).map(host => host.replace(/^\[|\]$/g, ''));
  const key = source.kind === 'postgresql' ? 'host' : 'url';
  return hosts
    .filter(name => parseIpAddress(name) === null && name !== '' && name !== 'localhost')
    .map(name => ({ name, is: 'host', path: [...path, source.kind, key] }));
}

function hostsOf({ kind, options }: TableSource): readonly string[] {
  switch (kind) {
    case 'postgresql':
      // A path is the folder of a socket.
      return options.host.startsWith('/') ? [] : [options.host];
    case 'ldap':
      return options.url.flatMap(url => URL.parse(url)?.hostname ?? []);
    case 'http':
      return [/^https?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)/i.exec(options.url)?.[1] ?? ''];
    case 'map':
    case 'file':
    case 'regexp':
    case 'sqlite':
      return [];
    default:
      return kind satisfies never;
  }
}
