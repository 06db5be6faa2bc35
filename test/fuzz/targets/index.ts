/** All that is given made-up inputs, by name. */
import type { FuzzTarget } from '../fuzz.js';
import { atom } from './atom.js';
import { cacheEntry } from './cacheEntry.js';
import { contents } from './contents.js';
import { control } from './control.js';
import { depend } from './depend.js';
import { makeConf, reposConf } from './files.js';
import { frames } from './frames.js';
import { globs } from './globs.js';
import { mountOptions } from './mountOptions.js';
import { savedIndex, savedValues } from './saved.js';
import { environment, lvfsConf } from './settings.js';
import { configuration, profiles, repositories } from './system.js';

export const fuzzTargets: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  frames,
  atom: () => atom,
  depend: () => depend,
  contents: () => contents,
  'md5-cache': () => cacheEntry,
  profile: profiles,
  configuration,
  repositories,
  'make.conf': makeConf,
  'repos.conf': reposConf,
  'lvfs.conf': lvfsConf,
  environment: () => environment,
  globs: () => globs,
  control: () => control,
  index: savedIndex,
  values: savedValues,
  'mount options': mountOptions,
};
