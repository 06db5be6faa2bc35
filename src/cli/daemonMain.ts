/**
 * The program of a daemon, which `lvfs mount` starts; daemon/session/launch.ts says how the two speak. Its standard output and error
 * are its log.
 */
import { closeSync, writeSync } from 'node:fs';
import { errorCode, exitStatus, harmless, type Logger } from '../base/index.js';
import {
  ownCapabilities,
  passedCapabilities,
  reportDescriptor,
  runDaemon,
  startupLine,
  type StartupMessage,
} from '../daemon/index.js';
import { closeInherited, keepCapabilities } from '../system/index.js';
import { endAtBugs } from './bugs.js';

/** The log stops growing at about this size, in bytes. */
const largestLog = 4 << 20;

let reporting = true;
let logged = 0;

const log: Logger = (level, text) => {
  if (logged <= largestLog) {
    const line = `${new Date().toISOString()} ${level}: ${harmless(text)}\n`;
    logged += line.length;
    writeLog(logged > largestLog ? `${line}the log has reached its limit; nothing more is written\n` : line);
  }
  if (level !== 'debug') report({ type: 'log', level, text });
};

/** A log that cannot be written, such as one on a full disk, costs nobody the view. */
function writeLog(text: string): void {
  try {
    writeSync(2, text);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** Tells the process that started this one, until the view is there or that process is not. */
function report(message: StartupMessage): void {
  if (!reporting) return;
  try {
    writeSync(reportDescriptor, startupLine(message));
  } catch (error) {
    if (errorCode(error) !== 'EPIPE') throw error;
    reporting = false;
  }
  if (message.type === 'ready' || message.type === 'error') {
    reporting = false;
    closeSync(reportDescriptor);
  }
}

endAtBugs();
closeInherited(reportDescriptor + 1);
process.umask(0o077);
// Before it makes threads.
keepCapabilities(ownCapabilities, passedCapabilities);
process.exitCode = (await runDaemon({ report, log })) ? exitStatus.ok : exitStatus.failure;
