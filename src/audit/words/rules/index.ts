/** The table of all rules. Of several that fit a line the first counts: those that say more come before others. */
import type { Rule } from '../rule.js';
import { autotoolsRules } from './autotools.js';
import { buildSystemRules } from './build.js';
import { compilerRules } from './compilers.js';
import { documentRules } from './documents.js';
import { languageRules } from './languages.js';
import { pythonRules } from './python.js';
import { fileRules, shellRules } from './shell.js';

export const rules: readonly Rule[] = [
  ...compilerRules,
  ...buildSystemRules,
  ...autotoolsRules,
  ...pythonRules,
  ...languageRules,
  ...documentRules,
  ...shellRules,
  ...fileRules,
];
