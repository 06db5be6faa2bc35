/** Real Portage for tests: the machine as a Gentoo system, for the duration of a command. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNotMount } from './inView.js';
import { finished, program, type Result } from './lvfs.js';

const enter = fileURLToPath(new URL('../../../../shared/portage/enter', import.meta.url));

/** Why there is no real Portage; undefined when there is. */
export function whyNoPortage(): string | undefined {
  const reason = whyNotMount();
  if (reason !== undefined) return reason;
  if (!existsSync(enter)) return 'no ../shared/portage/enter';
  const probe = spawnSync(enter, ['--', 'true'], { encoding: 'utf8' });
  return probe.status === 0 ? undefined : `no Gentoo system: ${probe.stderr.trim().split('\n').at(-1) ?? ''}`;
}

/** An ebuild: variables, and a body. */
export interface TestEbuild {
  readonly variables?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Runs a script of bash in a Gentoo system with these ebuilds by `category/PF`. In it `lvfs` is the built program, and $OUT a directory that
 * is still there afterwards.
 */
export async function inGentoo(
  ebuilds: Readonly<Record<string, TestEbuild>>,
  script: string,
): Promise<Result & { directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-gentoo-'));
  const overlay = join(directory, 'overlay');
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(overlay, path)), { recursive: true });
    writeFileSync(join(overlay, path), text);
  };
  write('profiles/repo_name', 'lvfs-test\n');
  write('profiles/eapi', '8\n');
  write('metadata/layout.conf', 'masters = gentoo\nthin-manifests = true\n');
  const categories = new Set(Object.keys(ebuilds).map((cpv) => cpv.split('/')[0] ?? ''));
  write('profiles/categories', [...categories].join('\n') + '\n');
  for (const [cpv, { variables = {}, body }] of Object.entries(ebuilds)) {
    const [category = '', pf = ''] = cpv.split('/');
    const all = {
      EAPI: '8',
      DESCRIPTION: pf,
      SLOT: '0',
      KEYWORDS: 'amd64',
      LICENSE: 'MIT',
      S: '${WORKDIR}',
      ...variables,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}="${value}"\n`);
    write(`${category}/${pf.replace(/-\d.*$/, '')}/${pf}.ebuild`, `${lines.join('')}${body}\n`);
  }
  const start = `export OUT=${directory}\nlvfs() { ${process.execPath} ${program} "$@"; }\n`;
  return { ...(await inGentooWith(overlay, directory, start + script)), directory };
}

/**
 * Runs a script of bash in a Gentoo system that has one more repository of ebuilds.
 *
 * @param directory where the script is put
 */
export function inGentooWith(overlay: string, directory: string, script: string): Promise<Result> {
  const file = join(directory, 'script');
  writeFileSync(file, script);
  const child = spawn(enter, ['--overlay', overlay, '--', 'bash', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LVFS_'))),
  });
  return finished(child);
}
