/**
 * What a phase's process and the server of an emerge say to each other, over a control socket (../control/control.ts). The other side is
 * emerge-helper/pid-ns-init.py. A connection lasts for as long as the phase's process 1, so its end is the phase's.
 */
import { array, number, object, parse, record, string, ValiError, type InferOutput } from 'valibot';
import { exitStatus, LvfsError } from '../../base/index.js';

/** Phases that run in the package's view, in their order: what PMS calls src_*. */
export const viewPhases = ['unpack', 'prepare', 'configure', 'compile', 'test', 'install'] as const;

const phaseFacts = object({
  /** Process 1 of the phase, as the host sees it. */
  pid: number(),
  /** EBUILD_PHASE. */
  phase: string(),
  /** `category/PF`. */
  package: string(),
  /** Path of the ebuild. */
  ebuild: string(),
  /** Effective USE. */
  use: array(string()),
  /** PORTAGE_BUILDDIR. */
  buildDirectory: string(),
  /** Where else the build writes or reads what is no package's: PORTAGE_TMPDIR, DISTDIR, CCACHE_DIR. */
  directories: array(string()),
  /** PORTAGE_LOG_FILE; empty where there is none. */
  log: string(),
  /** Where Portage has started it. */
  cwd: string(),
  /** Paths that have to be there inside, or the phase cannot go on. */
  programs: array(string()),
  /** Variables whose name begins with LVFS, from make.conf, package.env and the environment. */
  settings: record(string(), string()),
});

/** What a phase tells of itself when it begins. */
export type PhaseFacts = InferOutput<typeof phaseFacts>;

/** Where a phase goes. */
export interface PhasePlace {
  /** Whose mount namespace to enter; absent with `root` null. */
  readonly pid?: number;
  /** The root directory in there; null: the phase stays where it is. */
  readonly root: string | null;
  /** Where it starts. */
  readonly cwd?: string;
  /** For the build's log. */
  readonly notes: readonly string[];
}

/** @throws LvfsError BAD_REQUEST */
export function readFacts(value: unknown): PhaseFacts {
  try {
    return parse(phaseFacts, value);
  } catch (error) {
    if (!(error instanceof ValiError)) throw error;
    throw new LvfsError('BAD_REQUEST', `begin: ${error.message}`, { exit: exitStatus.usage });
  }
}
