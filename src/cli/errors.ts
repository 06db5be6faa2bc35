/** Errors that only a command line can make. */
import { asFailure, errorCode, LvfsError } from '../base/index.js';

/** A verb whose help can be pointed at. */
export interface Helped {
  readonly name: string;
  /** Whether `--help` behind it is another program's. */
  readonly passesOn?: boolean;
}

/** A command line that cannot be understood; ends with status 2. */
export class UsageError extends LvfsError {
  /**
   * @param message what is wrong, naming the word that was given
   * @param suggestion what was probably meant
   * @param verb whose help is pointed at; undefined for lvfs itself
   */
  constructor(message: string, suggestion: string | undefined, verb: Helped | undefined) {
    const help = helpOf(verb);
    super('USAGE', message, {
      hint: suggestion === undefined ? `see '${help}'` : `did you mean '${suggestion}'? See '${help}'`,
    });
  }
}

function helpOf(verb: Helped | undefined): string {
  if (verb === undefined) return 'lvfs --help';
  return verb.passesOn === true ? `lvfs help ${verb.name}` : `lvfs ${verb.name} --help`;
}

/**
 * The error for a relative path in a working directory that has been removed, which any use of one may throw, and for what the machine
 * is short of; others as they are.
 */
export function explained(error: unknown): unknown {
  const call = error instanceof Error && 'syscall' in error ? String(error.syscall) : '';
  if (errorCode(error) !== 'ENOENT' || !call.endsWith('cwd')) return asFailure(error);
  return new LvfsError('NO_WORKING_DIRECTORY', 'the current directory has been removed');
}
