/** Runs command lines one after the other and says with which status each ended; `Sandbox.ask` starts it. */
import { runCommandLine } from '../../src/cli/run.js';
import { packageVersion } from '../../src/cli/version.js';

/** A command line, and the environment that it is run in. */
export interface CommandOrder {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

process.on('message', ({ args, environment }: CommandOrder) => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  void runCommandLine(args, packageVersion).then((status) => process.send?.(status));
});
