/** How one failure of a build is told from another: by what the tools said last, apart from what differs from build to build. */
import { stripVTControlCharacters } from 'node:util';

/** Lines from the end that are looked at. */
const lastLines = 400;
/** Signs that are kept, of those the last. */
const mostSigns = 10;

const complaint =
  /error|fail|not found|no such|no module|cannot|can't|could not|couldn't|unable|undefined|missing|required|unknown|invalid|denied|unexpected|abort|segmentation/i;

/** Words that stand below every failure, whatever it was: those of make, ninja and Portage itself; without numbers, as below. */
const frame = /^(\S*make(\[#\])?: |ninja: |FAILED: |>>>|\* )|^\S+ failed$/;

/** What is said of what does not end a build: warnings, and the probes of configure and CMake. */
const harmless = /\bwarning\b|^checking |^-- /i;

/**
 * The signs of a failure in the output of a build. Two builds that have one in common probably failed for the same thing. When no
 * tool said anything of its own, the words of make and Portage have to do.
 */
export function failureSigns(output: string): Set<string> {
  const lines = output
    .split('\n')
    .slice(-lastLines)
    .map((line) => steady(stripVTControlCharacters(line)))
    .filter((line) => complaint.test(line) && !harmless.test(line));
  const telling = lines.filter((line) => !frame.test(line));
  return new Set((telling.length > 0 ? telling : lines).slice(-mostSigns));
}

/** Without numbers, names of temporary files and directories of the build. */
function steady(line: string): string {
  return line
    .replace(/(?:\/[\w.+-]+)+\/portage\/[\w.+-]+\/[\w.+-]+\//g, '…/')
    .replace(/\/tmp\/[\w.+-]+/g, '…')
    .replace(/\d+/g, '#')
    .trim();
}
