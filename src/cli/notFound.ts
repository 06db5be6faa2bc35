/** What to say of a command that is not there although the host has it. */
import { packageName } from '../base/index.js';
import type { Inside } from '../daemon/index.js';
import type { Output } from './output.js';

/** Names the package that a command which was not found belongs to, if the view hides it. */
export async function explainNotFound(inside: Inside, name: string, output: Output): Promise<void> {
  const directories = name.includes('/') ? [''] : (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  const candidates = directories
    .map((directory) => (directory === '' ? name : `${directory}/${name}`))
    .filter((path) => path.startsWith('/'))
    .map((path) => Buffer.from(path).toString('latin1'));
  const { paths } = await inside.view.request('why', { paths: candidates });
  const hidden = paths.find(({ exists, visible }) => exists && visible === false);
  if (hidden === undefined) return;
  const path = Buffer.from(hidden.canonical, 'latin1').toString('utf8');
  const [owner] = hidden.owners;
  output.log(
    'warn',
    owner === undefined
      ? `${path} is hidden: it belongs to no package; --show ${path} shows it`
      : `${path} is hidden: it belongs to ${owner}; --with ${packageName(owner)} shows it`,
  );
}
