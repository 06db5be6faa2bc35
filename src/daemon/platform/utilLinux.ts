/** Whether a tool of util-linux is there and new enough. */
import { runSync } from '../../base/index.js';
import { fail, ok, warn, type HealthCheck } from './health.js';

/** The first with all options that are used: `setpriv --pdeathsig`, `unshare --kill-child` and `--root`. */
const oldest = [2, 36] as const;

/** Asks the tool for its version. */
export function checkUtilLinux(tool: string): HealthCheck {
  const { stdout, error } = runSync(tool, ['--version']);
  if (error !== undefined) return { name: tool, ...fail('not found', 'install util-linux') };
  const version = /util-linux (\d+)\.(\d+)/.exec(stdout);
  if (version === null) {
    return { name: tool, ...warn(stdout.trim().split('\n')[0] ?? '', 'install the tools of util-linux') };
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isNew = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
  const found = `util-linux ${major}.${minor}`;
  return {
    name: tool,
    ...(isNew ? ok(found) : fail(found, `install util-linux ${oldest.join('.')} or later`)),
  };
}
