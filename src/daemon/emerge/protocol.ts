/**
 * What a phase's process and the server of an emerge say to each other, over a control socket. The other side is
 * pid-ns-init.py beside this file. A connection lasts for as long as the phase's process 1, so its end is the phase's.
 */
import { array, number, object, record, string, type InferOutput } from 'valibot';
import { carries, type Methods } from '../control/protocol.js';
import type { Place } from '../private/wire.js';

/** Phases that run in the package's view, in their order: what PMS calls src_*. */
export const viewPhases = ['unpack', 'prepare', 'configure', 'compile', 'test', 'install'] as const;

// The message of a schema says what was expected.
const text = string('a string');
const texts = array(text, 'a list of strings');

const phaseFacts = object({
  /** Process 1 of the phase, as the host sees it. */
  pid: number('a number'),
  /** EBUILD_PHASE. */
  phase: text,
  /** `category/PF`. */
  package: text,
  /** Path of the ebuild. */
  ebuild: text,
  /** Effective USE. */
  use: texts,
  /** PORTAGE_BUILDDIR. */
  buildDirectory: text,
  /** Where else the build writes or reads what is no package's: PORTAGE_TMPDIR, DISTDIR, CCACHE_DIR, DISTCC_DIR. */
  directories: texts,
  /** PORTAGE_LOG_FILE; empty where there is none. */
  log: text,
  /** Where Portage has started it. */
  cwd: text,
  /** Paths that have to be there inside, or the phase cannot go on. */
  programs: texts,
  /** Variables whose name begins with LVFS, from make.conf, package.env and the environment. */
  settings: record(text, text, 'variables'),
});

/** What a phase tells of itself when it begins. */
export type PhaseFacts = InferOutput<typeof phaseFacts>;

/** Where a phase goes; with null for the root it stays where it is. */
export type PhasePlace = (Place | { readonly root: null }) & {
  /** For the build's log. */
  readonly notes: readonly string[];
};

/** The methods of an emerge. */
export const phaseMethods = {
  begin: { parameters: phaseFacts, result: carries<PhasePlace>() },
  /** The view cannot be entered, for a reason in words; answered when the phase may go on where it is. */
  stranded: { parameters: object({ reason: text }), result: carries<PhasePlace>() },
  /** After src_install or a failure, with what the phase ended with; the lines go into the build's log. */
  end: { parameters: object({ status: number('a number') }), result: carries<readonly string[]>() },
} satisfies Methods;
