/** Starting the process that serves a private view (P1 in wire.ts), also before it is known what it is to show. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preloads, type LvfsError } from '../../base/index.js';
import { namespaces } from '../platform/index.js';
import { registryDirectory } from '../registry/registry.js';
import { freeWhenStuck } from '../session/stuck.js';
import { insideDescriptor } from './wire.js';

/** P1, which loads its code and waits to be told what to show. */
export interface StartedInside {
  readonly child: ChildProcess;
  /** Resolves when it has ended; with NO_TOOL (exit 125) when it could not be started. */
  readonly ended: Promise<LvfsError | undefined>;
}

/**
 * Starts P1 in a mount namespace of its own, for `Inside.open` or {@link dismissInside}. It ends with this process.
 *
 * @param entry the program of P1
 * @param descriptors of this process, that commands can be given; P1 has copies
 */
export function startInside(entry: URL, descriptors: readonly number[] = []): StartedInside {
  const started = namespaces.spawnPrivate(
    [process.execPath, ...preloads(), fileURLToPath(entry), String(process.pid)],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...descriptors],
      // In a user namespace it takes itself for root.
      env: { ...process.env, LVFS_RUNTIME_DIR: registryDirectory() },
    },
  );
  // One that ends before it is spoken to is noticed by whoever wants to.
  started.child.stdio[insideDescriptor]?.on('error', () => undefined);
  if (started.child.pid !== undefined) freeWhenStuck(started.child.pid, started.ended);
  return started;
}

/** Ends a process that has not been told what to show, and returns when nothing of it is left. */
export async function dismissInside({ child, ended }: StartedInside): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
