/** What tests of running things in a view have in common. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Why this machine cannot mount; undefined when it can. */
export function whyNotMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/dev/fuse')) return 'needs /dev/fuse';
  const probe = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']);
  return probe.status === 0 ? undefined : 'needs the right to mount';
}

/** Ids of the processes whose command line or environment names a text. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => ['cmdline', 'environ'].some((file) => readProc(pid, file).includes(text)));
}

/** Mount points of all processes' namespaces that name a text. */
export function mountsNaming(text: string): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const namespace = linkOf(`/proc/${name}/ns/mnt`);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    for (const line of readProc(Number(name), 'mountinfo').split('\n'))
      if (line.includes(text)) found.push(line);
  }
  return found;
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has ended.
    return '';
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It has ended.
    return undefined;
  }
}
