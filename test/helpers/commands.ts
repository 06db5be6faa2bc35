/** Commands in private views of fixture roots. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { gentooRoot, type GentooRoot, type GentooRootSpec } from './gentooRoot.js';
import { mountsNaming, processesNaming } from './inView.js';
import { sandbox, until, type Result, type Sandbox } from './lvfs.js';

/** A system in whose views commands run. */
export interface Commands extends Sandbox {
  gentoo: GentooRoot;
  /** `lvfs run dev-libs/foo --` and the words given. */
  run(...command: string[]): Promise<Result>;
}

/** Options of lvfs that show the host's programs and libraries inside. */
export const host = ['/bin', '/lib', '/lib64', '/usr', '/etc'].flatMap((path) =>
  existsSync(path) ? ['--ro', path] : [],
);

const checkout = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Options of lvfs that show the tests' own programs inside, wherever the checkout and Node are on the host: below /tmp, which is another
 * directory inside, or in somebody's home.
 */
export const ownPrograms = [
  ...['--ro', `${checkout}:/srv/checkout`],
  ...['--ro', `${dirname(process.execPath)}:/srv/node`],
];

/** The command line of a program of test/helpers, with {@link ownPrograms}. */
export function ownProgram(name: string): string[] {
  return [`/srv/node/${basename(process.execPath)}`, `/srv/checkout/dist/test/helpers/${name}.js`];
}

/**
 * A system to be used with {@link host}, so that commands can run in views that show hardly anything else. Its target
 * `dev-libs/foo` needs `dev-libs/bar`; `dev-libs/hidden` is hidden. Everything is gone after the test.
 */
export async function withCommands(
  t: ExecutionContext,
  {
    packages = {},
    ...spec
  }: Pick<GentooRootSpec, 'packages' | 'makeConf' | 'ebuilds' | 'files' | 'portage'> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<Commands> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/zlib-1.3': { files: { '/opt/zlib/zlib.h': 'zlib' } },
      'dev-libs/bar-1': { RDEPEND: 'sys-libs/zlib', files: { '/opt/bar/bar.h': 'bar' } },
      'dev-libs/hidden-1': {
        RDEPEND: 'dev-libs/deep',
        files: { '/opt/hidden/tool': '#!/bin/sh\necho tool\n' },
      },
      'dev-libs/deep-1': { files: { '/opt/deep/deep.h': 'deep' } },
      ...packages,
    },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' }, 'dev-libs/other-2': {} },
    files: { '/opt/litter': 'unowned' },
    ...spec,
  });
  const box = sandbox({ LVFS_ROOT: gentoo.root, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment });
  mkdirSync(gentoo.path(box.directory), { recursive: true });
  t.teardown(() => {
    gentoo.cleanup();
    box.cleanup();
  });
  return { ...box, gentoo, run: (...command) => box.lvfs('run', ...host, 'dev-libs/foo', '--', ...command) };
}

/** Nothing of a sandbox is left but its cache: no mount, no process, no session. */
export async function nothingLeft(t: ExecutionContext, box: Sandbox): Promise<void> {
  await until('no process is left', () => processesNaming(box.runtime).length === 0);
  // A namespace that another test made meanwhile has copies until it ends.
  await until('no mount is left', () => mountsNaming(box.directory).length === 0, 60_000);
  t.deepEqual(existsSync(box.runtime) ? readdirSync(box.runtime) : [], []);
}
