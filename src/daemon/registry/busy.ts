/** What is said of those who use a view that is to be taken away. */
import { LvfsError, shellWord } from '../../base/index.js';
import type { Holder } from '../platform/index.js';

/** The error for a view that is unmounted here only; `holders` have it elsewhere, as far as they can be seen. */
export function heldError(mountpoint: string, holders: readonly Holder[]): LvfsError {
  const namespaces = holders.map(({ pid, comm }) => `${comm} (pid ${pid})`);
  const who =
    namespaces.length === 0
      ? 'something that cannot be seen from here'
      : `the mount namespace of ${listed(namespaces)}`;
  return new LvfsError('MOUNT_HELD', `${mountpoint}: is unmounted here, but ${who} still has it`, {
    hint: `its daemon ends with that; to end it now: lvfs umount --lazy ${shellWord(mountpoint)}`,
    details: { holders },
  });
}

/** At most five. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5);
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(
    ', ',
  );
}

/** Names at most five processes that use a view. */
export function describeHolders(holders: readonly Holder[]): string {
  return listed(holders.map(({ pid, comm, use }) => `${comm} (pid ${pid}, ${use})`));
}

/** The error for a view that is in use; names at most five of the processes that use it. */
export function busyError(mountpoint: string, holders: readonly Holder[]): LvfsError {
  const who = holders.length === 0 ? '' : ` by ${describeHolders(holders)}`;
  return new LvfsError('MOUNT_BUSY', `${mountpoint}: is in use${who}`, {
    hint: `end what uses it, or: lvfs umount --lazy ${shellWord(mountpoint)}`,
    details: { holders },
  });
}
