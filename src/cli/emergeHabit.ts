/** The file by which `emerge`, typed in a shell, means `lvfs emerge`. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, exitStatus, LvfsError, replaceFile, type ExitStatus } from '../base/index.js';
import type { Output } from './output.js';

/** Read by every login shell; see profile(5) of the shell. Scripts, cron and other programs are not affected. */
const habitFile = '/etc/profile.d/lvfs-emerge.sh';

const firstLine = '# Made by `lvfs emerge --install`; `lvfs emerge --uninstall` removes it.';

const text = `${firstLine}
# Once without it: command emerge …
emerge() {
  if command -v lvfs >/dev/null 2>&1; then
    lvfs emerge "$@"
  else
    command emerge "$@"
  fi
}
`;

/**
 * Writes the file, or removes it.
 *
 * @throws LvfsError NOT_OURS when somebody else has made it, CANNOT_WRITE
 */
export function changeHabit(isWanted: boolean, output: Output): ExitStatus {
  try {
    const isThere = existsSync(habitFile);
    if (isThere && !readFileSync(habitFile, 'utf8').startsWith(firstLine)) {
      throw new LvfsError('NOT_OURS', `${habitFile}: was not made by lvfs, and is left alone`);
    }
    if (isWanted) {
      if (!existsSync(dirname(habitFile)))
        throw new LvfsError('CANNOT_WRITE', `${dirname(habitFile)}: there is no such directory`, {
          hint: 'put this into the start-up file of your shell: alias emerge="lvfs emerge"',
        });
      replaceFile(habitFile, [Buffer.from(text)]);
      output.print(`${habitFile}: in new shells emerge means 'lvfs emerge'; here: . ${habitFile}`);
    } else {
      rmSync(habitFile, { force: true });
      output.print(isThere ? `${habitFile}: removed; here: unset -f emerge` : `${habitFile}: was not there`);
    }
    return exitStatus.ok;
  } catch (error) {
    if (error instanceof LvfsError || errorCode(error) === undefined) throw error;
    throw new LvfsError('CANNOT_WRITE', `${habitFile}: cannot be written`, { cause: error });
  }
}
