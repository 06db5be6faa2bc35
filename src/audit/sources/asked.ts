/** What the sources ask for that had a say in a build. */
import { baseName } from '../../base/index.js';
import type { ReportInput } from '../findings.js';
import { needsInWords, withSay, type Need } from './needs.js';

const interpreter = /^(?:python|pypy|ruby|jruby)[\d.]*(?:-\w+)*$/;
/** Programs that run what they are given to read, beside themselves. */
const runner =
  /^(?:pytest|py\.test|unittest|nose\w*|trial|stestr|coverage[\d.]*|rake|rspec|testrb)(?:-[\d.]+)?(?:\.py)?$/;
/** Options that take the next word, but for the program itself (python(1), ruby(1)). */
const withValue = /^-(?:[WXQrIC]|-check-hash-based-pycs)$/;

/**
 * Base names of the scripts that a command line runs: of an interpreter the first word that is no option, and what that runs in turn.
 * What it is given besides is only read (`doins u.py`).
 */
export function scriptsRunBy([program = '', ...words]: readonly string[]): string[] {
  const name = baseName(program);
  if (runner.test(name)) return words.map(baseName);
  if (!interpreter.test(name)) return [name];
  let at = 0;
  for (let word = words[0]; word?.startsWith('-') === true && word !== '-m'; word = words[at]) {
    if (/^-\w*c$/.test(word)) return [];
    at += withValue.test(word) ? 2 : 1;
  }
  const isModule = words[at] === '-m';
  if (isModule) at += 1;
  const first = baseName(words[at] ?? '');
  if (first === '') return [];
  const module = isModule ? (first.split('.').at(-1) ?? '') : first;
  return [
    isModule ? `${module}.py` : module,
    ...(runner.test(module) ? words.slice(at + 1).map(baseName) : []),
  ];
}

/** What the sources ask for, and what Python was told on its command line, without what only what was never run asks for. */
export function needsAsked(input: ReportInput): Need[] {
  const processes = [...input.processes.values()];
  const run = new Set(processes.flatMap((one) => scriptsRunBy(one.arguments)));
  const told = processes.flatMap((one) => needsInWords(one.arguments));
  return withSay([...input.needs, ...told], run);
}
