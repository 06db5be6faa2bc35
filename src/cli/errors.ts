/** Errors that only a command line can make. */
import { exitStatus, LvfsError } from '../base/index.js';

/** A command line that cannot be understood; ends with status 2. */
export class UsageError extends LvfsError {
  /**
   * @param message what is wrong, naming the word that was given
   * @param suggestion what was probably meant
   * @param verb whose help is pointed at; undefined for lvfs itself
   */
  constructor(message: string, suggestion: string | undefined, verb: string | undefined) {
    const help = verb === undefined ? 'lvfs --help' : `lvfs ${verb} --help`;
    super('USAGE', message, {
      exit: exitStatus.usage,
      hint: suggestion === undefined ? `see '${help}'` : `did you mean '${suggestion}'? See '${help}'`,
    });
  }
}
