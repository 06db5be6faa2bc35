/** A Gentoo Prefix in a directory of the host, for tests. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { gentooRoot, type GentooRoot, type GentooRootSpec } from './gentooRoot.js';

/** Builds a prefix: a {@link gentooRoot} whose CONTENTS and repos.conf say where things are on the host. */
export async function prefixRoot(spec: GentooRootSpec): Promise<GentooRoot> {
  // Not in /tmp, which is mounted over inside.
  const gentoo = await gentooRoot({ parent: '/opt', ...spec });
  chmodSync(gentoo.root, 0o755);
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(gentoo.path(path), change(readFileSync(gentoo.path(path), 'utf8')));
  for (const cpv of Object.keys(spec.packages ?? {})) {
    edit(`/var/db/pkg/${cpv}/CONTENTS`, (text) => text.replace(/^(\w+) \//gm, `$1 ${gentoo.root}/`));
  }
  edit('/etc/portage/repos.conf/gentoo.conf', (text) =>
    text.replace('location = ', `location = ${gentoo.root}`),
  );
  return gentoo;
}
