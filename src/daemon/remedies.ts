/**
 * What `lvfs doctor --fix` does by itself. Only what cannot harm: it takes away what lvfs has left behind, and loads what the kernel
 * brings. Nobody's configuration is written, and nothing is installed.
 */
import { existsSync } from 'node:fs';
import { LvfsError, runSync, shellWord } from '../base/index.js';
import { statuses } from './registry/sessions.js';
import { unmountView } from './registry/unmounting.js';

/** Something that can be mended. */
export interface Remedy {
  /** The check of {@link Health} that it is about. */
  readonly name: string;
  /** The command that does the same. */
  readonly command: string;
  /** Why that helps. */
  readonly reason: string;
  /** @throws LvfsError saying what kept it from being done */
  readonly apply: () => Promise<void>;
}

/** All that can be mended on this machine as it is now; nothing is done yet. */
export async function safeRemedies(): Promise<Remedy[]> {
  const { left: mountpoints } = await viewsLeft();
  const left = mountpoints.map((mountpoint): Remedy => {
    return {
      name: 'views',
      command: `lvfs umount ${shellWord(mountpoint)}`,
      reason: `the daemon of the view at ${mountpoint} is dead`,
      apply: async () => {
        await unmountView(mountpoint, { lazy: false });
      },
    };
  });
  return process.getuid?.() === 0 && !existsSync('/dev/fuse') ? [fuseModule, ...left] : left;
}

/** The mount points of views that are there although nobody serves them any more; `problem`: where none is recorded that can be believed. */
export async function viewsLeft(): Promise<{ left: readonly string[]; problem?: LvfsError }> {
  try {
    const left = (await statuses()).filter(
      // What is left in another pid namespace is taken away there.
      ({ state, elsewhere }) => elsewhere !== true && (state === 'stale' || state === 'failed'),
    );
    return { left: left.map(({ mountpoint }) => mountpoint) };
  } catch (problem) {
    if (!(problem instanceof LvfsError)) throw problem;
    return { left: [], problem };
  }
}

const fuseModule: Remedy = {
  name: '/dev/fuse',
  command: 'modprobe fuse',
  reason: 'the device is not there, as when the kernel module is not loaded',
  apply: () => {
    const { error, code, stderr } = runSync('modprobe', ['fuse'], { env: process.env });
    if (error === undefined && code === 0) return Promise.resolve();
    const why = error === undefined ? stderr.trim() : 'there is no modprobe';
    return Promise.reject(new LvfsError('REMEDY_FAILED', `modprobe fuse: ${why}`));
  },
};
